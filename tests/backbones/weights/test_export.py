"""What is exported gives the same logits where it goes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.fabricate.networks import head, shaken, trained
from transferbench.backbones.card import Form, WeightsCard, read_card
from transferbench.backbones.peers import TARGETS, Target
from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.export import export
from transferbench.backbones.weights.load import LoadedBackbone, load_backbone
from transferbench.backbones.weights.save import save_backbone
from transferbench.errors import RunError, WeightsError
from transferbench.tasks.classify.model import classifier_of

CLASSES = 7


def loaded(folder: Path, arch: str, *, form: Form | None = None, has_head: bool = True) -> LoadedBackbone:
    """Returns a backbone that went through a file of ours."""
    backbone = trained(arch, form=form)
    path = folder / f"{arch}.safetensors"
    save_backbone(
        path, backbone, WeightsCard(arch), head=head(backbone.channels[-1], CLASSES) if has_head else None
    )
    return load_backbone(str(path))


def logits(source: LoadedBackbone, images_NCHW: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = classifier_of(source)(images_NCHW)
    return found


def images(side: int = 96) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(3))


def written(source: LoadedBackbone, target: Target, path: Path) -> str:
    return export(source, target, path, classifier_of=classifier_of).how_to_load


def assert_same_logits(line: str, source: LoadedBackbone) -> None:
    """Runs the line that loads a file elsewhere, and compares."""
    names: dict[str, Any] = {}
    exec(line, names)
    with torch.no_grad():
        found = names["model"].eval()(source.backbone.normalize(images()))
    torch.testing.assert_close(found, logits(source, images()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize(
    ("arch", "form"),
    [
        ("resnet18", None),
        ("resnet50_b", None),
        ("resnet50_c", None),
        ("resnet18_d", None),
        ("inception_v3", None),
        ("mobilenet_v1_100", Form("relu6", "same")),
        ("mobilenet_v1_100", Form("relu", "symmetric")),
    ],
)
def test_timm_loads_it_strictly_and_agrees(tmp_path: Path, arch: str, form: Form | None, suffix: str) -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")
    source = loaded(tmp_path, arch, form=form)

    line = written(source, "timm", tmp_path / f"out{suffix}")

    assert_same_logits(line, source)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("arch", ["resnet18", "resnet50", "inception_v3"])
def test_torchvision_loads_it_strictly_and_agrees(tmp_path: Path, arch: str, suffix: str) -> None:
    source = loaded(tmp_path, arch)

    line = written(source, "torchvision", tmp_path / f"out{suffix}")

    assert_same_logits(line, source)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "form"), [("mini_d", None), ("mobilenet_v1_050", Form("relu6", "same")), ("resnet18_c", None)]
)
def test_onnx_takes_pixels_and_agrees_at_any_batch(tmp_path: Path, arch: str, form: Form | None) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    source = loaded(tmp_path, arch, form=form)
    pixels = images(source.backbone.pixels.input_size)

    written(source, "onnx", tmp_path / "out.onnx")

    session = onnxruntime.InferenceSession(str(tmp_path / "out.onnx"))
    for count in (1, 2):
        (found,) = session.run(["logits"], {"images": pixels[:count].numpy()})
        torch.testing.assert_close(
            torch.from_numpy(found), logits(source, pixels[:count]), atol=1e-4, rtol=1e-4
        )
    assert f'"arch":"{arch}"' in session.get_modelmeta().custom_metadata_map["transferbench"]


def test_a_bare_file_becomes_one_of_ours_that_says_what_belongs_to_it(tmp_path: Path) -> None:
    backbone = trained("mobilenet_v1_025")
    classifier = {f"classifier.{name}": t for name, t in head(256, 5).items()}
    save_file({**backbone.state_dict(), **classifier}, tmp_path / "bare.safetensors")
    settings = {"padding": "same", "activation": "relu6", "std": (0.5, 0.5, 0.5), "input_size": 128}
    source = load_backbone(str(tmp_path / "bare.safetensors"), asked=Asked("mobilenet_v1_025", settings))

    line = written(source, "transferbench", tmp_path / "ours.safetensors")

    again = load_backbone(str(tmp_path / "ours.safetensors"))
    assert line == f"transferbench detect {tmp_path / 'ours.safetensors'}"
    assert (again.backbone.form, again.backbone.pixels) == (source.backbone.form, source.backbone.pixels)
    assert torch.equal(logits(again, images()), logits(source, images()))
    card = read_card(tmp_path / "ours.safetensors")
    assert card is not None and card.lineage == {"parent": source.report.sha256}


def test_a_backbone_without_a_classifier_goes_to_timm_without_one(tmp_path: Path) -> None:
    source = loaded(tmp_path, "resnet18_d", has_head=False)

    line = written(source, "timm", tmp_path / "out.safetensors")

    assert "num_classes=0" in line
    assert load_file(tmp_path / "out.safetensors").keys() == source.backbone.state_dict().keys()


@pytest.mark.parametrize(
    ("arch", "target", "message"),
    [
        ("mini_d", "timm", "expected one of our architectures that timm has too (resnet18, "),
        ("resnet18_d", "torchvision", "found 'resnet18_d'; export it to onnx"),
    ],
)
def test_what_the_peer_does_not_have_is_refused(
    tmp_path: Path, arch: str, target: Target, message: str
) -> None:
    source = loaded(tmp_path, arch)

    with pytest.raises(WeightsError) as caught:
        written(source, target, tmp_path / "out.safetensors")

    assert message in str(caught.value)
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("target", ["timm", "torchvision"])
def test_a_form_that_the_peer_cannot_be_told_is_refused(tmp_path: Path, target: Target) -> None:
    source = loaded(tmp_path, "inception_v3", form=Form("relu", "symmetric"))

    with pytest.raises(
        WeightsError, match=r"expected activation and padding of .* 'inception_v3', found Form"
    ):
        written(source, target, tmp_path / "out.safetensors")


@pytest.mark.parametrize("target", ["timm", "torchvision"])
def test_a_classifier_of_many_layers_is_refused_and_nothing_is_written(
    tmp_path: Path, target: Target
) -> None:
    source = loaded(tmp_path, "resnet18")
    layers = {f"{n}.{name}": t for n in (0, 2) for name, t in head(512, 512).items()}

    with pytest.raises(WeightsError, match=r"expected a classifier of one linear .*--without-classifier"):
        written(replace(source, head=layers), target, tmp_path / "out.safetensors")

    assert not (tmp_path / "out.safetensors").exists()


def test_a_network_of_timms_goes_back_to_timm(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="needs the extra `timm`")
    full = shaken(timm.create_model("regnety_002", num_classes=7)).eval()
    save_file(full.state_dict(), tmp_path / "theirs.safetensors")
    source = load_backbone(str(tmp_path / "theirs.safetensors"), asked=Asked("timm:regnety_002"))

    line = written(source, "timm", tmp_path / "out.safetensors")

    names: dict[str, Any] = {}
    exec(line, names)
    with torch.no_grad():
        torch.testing.assert_close(names["model"].eval()(images()), full(images()), atol=1e-5, rtol=1e-5)


def test_a_network_of_timms_keeps_its_classifier_in_our_file(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="needs the extra `timm`")
    save_file(
        shaken(timm.create_model("regnety_002", num_classes=7)).state_dict(), tmp_path / "theirs.safetensors"
    )
    source = load_backbone(str(tmp_path / "theirs.safetensors"), asked=Asked("timm:regnety_002"))

    written(source, "transferbench", tmp_path / "ours.safetensors")

    again = load_backbone(str(tmp_path / "ours.safetensors"))
    assert torch.equal(logits(again, images()), logits(source, images()))


def test_settings_that_were_asked_for_go_into_the_card(tmp_path: Path) -> None:
    loaded(tmp_path, "mini_b")
    source = load_backbone(str(tmp_path / "mini_b.safetensors"), asked=Asked(settings={"crop": 0.5}))

    written(source, "transferbench", tmp_path / "out.safetensors")

    card = read_card(tmp_path / "out.safetensors")
    assert card is not None and card.pixels.crop == 0.5


@pytest.mark.parametrize("target", TARGETS)
def test_weights_with_a_hole_are_not_exported(tmp_path: Path, target: Target) -> None:
    source = loaded(tmp_path, "resnet18")
    report = replace(source.report, allowed_missing=("bn1.bias",))

    with pytest.raises(WeightsError, match=r"found 1 tensors missing \(the first is 'bn1.bias'\)"):
        path = tmp_path / ("out.onnx" if target == "onnx" else "out.safetensors")
        written(replace(source, report=report), target, path)


@pytest.mark.parametrize("target", ["transferbench", "timm", "torchvision"])
def test_a_folder_that_cannot_be_written_is_a_run_error(tmp_path: Path, target: Target) -> None:
    source = loaded(tmp_path, "resnet18")

    with pytest.raises(RunError, match=r"expected to write \d+ bytes of weights, found 'No such file"):
        written(source, target, tmp_path / "absent" / "out.safetensors")


def test_torchvision_needs_a_classifier(tmp_path: Path) -> None:
    source = loaded(tmp_path, "resnet18", has_head=False)

    with pytest.raises(WeightsError, match="expected a classifier, which torchvision's networks have"):
        written(source, "torchvision", tmp_path / "out.safetensors")


@pytest.mark.parametrize("target", ["transferbench", "timm", "torchvision"])
def test_random_weights_are_not_exported_as_trained_ones(tmp_path: Path, target: Target) -> None:
    with pytest.raises(WeightsError, match="random:resnet18: expected trained weights, found none"):
        written(load_backbone("random:resnet18"), target, tmp_path / "out.safetensors")


@pytest.mark.parametrize("target", TARGETS)
def test_a_name_that_ends_otherwise_is_refused(tmp_path: Path, target: Target) -> None:
    source = loaded(tmp_path, "mini_b")

    with pytest.raises(WeightsError, match=r"out\.zip: expected a name that ends in .*; give another --out"):
        written(source, target, tmp_path / "out.zip")
