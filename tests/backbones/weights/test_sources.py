"""A source names one file, and comes with what its place says of it."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transferbench.backbones.catalog import BACKBONES
from transferbench.backbones.peers import TORCHVISION
from transferbench.backbones.weights.sources import Hints, HubFile, WebFile, is_remote, resolve
from transferbench.errors import WeightsError

PYTORCH = "https://download.pytorch.org/models"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hf:org/net", True),
        ("hf:not a name", True),
        ("torchvision:resnet50", True),
        ("timm:resnet50d", True),
        ("resnet50d.gluon_in1k", True),
        ("resnet50d", False),
        ("random:resnet50_d", False),
        ("runs/mine", False),
        ("x.safetensors", False),
    ],
)
def test_what_is_elsewhere_is_told_by_its_name(source: str, expected: bool) -> None:
    assert is_remote(source) is expected


def test_a_path_goes_before_a_name_of_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resnet50d.gluon_in1k").mkdir()
    monkeypatch.chdir(tmp_path)

    assert not is_remote("resnet50d.gluon_in1k")
    assert is_remote("resnet18.gluon_in1k")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("hf:org/net", HubFile("org/net")),
        ("hf:org/net@v1.0", HubFile("org/net", "v1.0")),
        ("hf:org/net:a/b.bin", HubFile("org/net", None, "a/b.bin")),
        ("hf:org/net.x_y-z@refs/pr/1:m.pth", HubFile("org/net.x_y-z", "refs/pr/1", "m.pth")),
        ("resnet50d.gluon_in1k", HubFile("timm/resnet50d.gluon_in1k")),
    ],
)
def test_a_source_of_a_hub_names_repository_revision_and_file(source: str, place: HubFile) -> None:
    assert resolve(source).place == place


@pytest.mark.parametrize("source", ["hf:", "hf:net", "hf:a/b/c", "hf:org/net@", "hf:org/net:", "hf:org/n t"])
def test_another_form_is_refused(source: str) -> None:
    assert complaint(source) == (
        f"{source}: expected 'hf:ORG/REPO[@REVISION][:FILE]', found another form; "
        "write it as in 'hf:timm/resnet50d.gluon_in1k@main:model.safetensors'"
    )


def test_a_name_that_is_nothing_gets_the_nearest_of_the_index() -> None:
    assert complaint("resnet50d.gluon") == (
        "resnet50d.gluon: expected 'hf:ORG/REPO', 'torchvision:NAME', 'timm:NAME' or a name of the index, "
        "found none of them; the nearest is 'resnet50d.gluon_in1k'"
    )


@pytest.mark.parametrize("name", sorted(set(TORCHVISION.values())))
def test_every_network_of_torchvisions_names_its_file_and_one_of_ours(name: str) -> None:
    remote = resolve(f"torchvision:{name}")

    assert isinstance(remote.place, WebFile)
    assert len(remote.place.sha256_start) == 8
    assert remote.hints is not None
    assert (remote.hints.arch, remote.hints.classes) == (name, 1000)
    assert remote.hints.arch in BACKBONES


def test_torchvisions_default_is_its_newest_and_says_so() -> None:
    remote = resolve("torchvision:resnet50")

    assert remote.place == WebFile(f"{PYTORCH}/resnet50-11ad3fa6.pth")
    assert remote.hints == Hints(
        told_by="torchvision (IMAGENET1K_V2)",
        arch="resnet50",
        pixels={
            "mean": (0.485, 0.456, 0.406),
            "std": (0.229, 0.224, 0.225),
            "input_size": 224,
            "crop": 224 / 232,
            "interpolation": "bilinear",
        },
        classes=1000,
        scores={"classify/top1": 0.80858, "classify/top5": 0.95434},
    )


def test_torchvisions_older_weights_go_by_their_name() -> None:
    assert resolve("torchvision:resnet50.IMAGENET1K_V1").place == WebFile(f"{PYTORCH}/resnet50-0676ba61.pth")


def test_torchvisions_inception_is_given_pixels_from_minus_one_to_one() -> None:
    hints = resolve("torchvision:inception_v3").hints

    assert hints is not None
    assert (hints.pixels["mean"], hints.pixels["std"]) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert (hints.pixels["input_size"], hints.pixels["crop"]) == (299, 299 / 342)


def test_other_networks_of_torchvisions_are_refused() -> None:
    assert complaint("torchvision:vgg11") == (
        "torchvision:vgg11: expected a network that is in the catalog too, inception_v3, resnet101, "
        "resnet152, resnet18, resnet34, resnet50, found 'vgg11'; "
        "take one of these, or 'timm:NAME', of which there are many more"
    )


def test_unknown_weights_of_torchvisions_get_the_nearest() -> None:
    assert complaint("torchvision:resnet50.IMAGENET1K_V3") == (
        "torchvision:resnet50.IMAGENET1K_V3: expected weights that torchvision has for 'resnet50', "
        "found 'IMAGENET1K_V3'; the nearest is 'IMAGENET1K_V2'"
    )


def test_timms_default_weights_are_those_of_its_first_tag() -> None:
    timm()

    remote = resolve("timm:resnet50d")

    assert remote.place == HubFile("timm/resnet50d.ra2_in1k")
    assert remote.hints is not None
    assert (remote.hints.told_by, remote.hints.arch) == ("timm (resnet50d.ra2_in1k)", "resnet50_d")
    assert (remote.hints.pixels["crop"], remote.hints.pixels["interpolation"]) == (0.875, "bicubic")


def test_timms_weights_of_a_web_server_go_by_their_url() -> None:
    timm()

    place = resolve("timm:legacy_seresnet18").place

    assert isinstance(place, WebFile)
    assert (place.name, place.sha256_start) == ("seresnet18-4bb0ce65.pth", "4bb0ce65")


def test_every_pretrained_network_of_timms_resolves_but_those_whose_pictures_are_padded() -> None:
    refused = []

    for name in timm().list_models(pretrained=True):
        try:
            assert resolve(f"timm:{name}").hints
        except WeightsError:
            refused.append(name)

    assert {name.partition("_")[0] for name in refused} == {"volo"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("timm:resnet34d.x", "no such; there are resnet34d.ra2_in1k"),
        (
            "timm:resnet200",
            "none for this; there are resnest200e.in1k, resnetrs200.tf_in1k, resnet200d.ra2_in1k",
        ),
        ("timm:0", "no such; see timm.list_models(pretrained=True)"),
    ],
)
def test_what_timm_has_no_weights_for_is_refused(source: str, found: str) -> None:
    timm()

    expected = f"{source}: expected a name of timm's with pretrained weights, found {found}"
    assert complaint(source) == expected


def test_files_that_only_timms_code_reads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = timm().get_pretrained_cfg("vit_base_patch16_224.augreg_in21k")
    changed = replace(cfg, hf_hub_id=None, url="http://127.0.0.1/x.npz")
    monkeypatch.setattr("timm.get_pretrained_cfg", lambda *_, **__: changed)

    assert complaint("timm:vit") == (
        "timm:vit: expected a file of tensors by name, found one of a form of its own "
        "(http://127.0.0.1/x.npz), which only timm's code for that network reads; "
        "save its state dict with timm, and give the path"
    )


def test_without_timm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)

    assert complaint("timm:resnet50d") == (
        "timm:resnet50d: expected timm, found it not installed; pip install 'transferbench[timm]'"
    )


def timm() -> Any:
    return pytest.importorskip("timm", reason="needs the extra `timm`")


def complaint(source: str) -> str:
    with pytest.raises(WeightsError) as caught:
        resolve(source)
    return str(caught.value)
