"""Weights go out and come in whole, or not at all."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.fabricate.networks import trained
from transferbench.backbones.card import Form, Pixels, WeightsCard, read_card, to_metadata
from transferbench.backbones.catalog import create
from transferbench.backbones.weights.asked import Asked, Use
from transferbench.backbones.weights.load import load_backbone
from transferbench.backbones.weights.save import save_backbone
from transferbench.errors import RunError, WeightsError

CARD = WeightsCard(
    arch="mini_d",
    pixels=Pixels(
        mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), input_size=48, crop=1.0, interpolation="bicubic"
    ),
    form=Form(),
    classes=("cat", "dog"),
    recipe={"plan": {"epochs": 3}},
    scores={"classify/top1": 0.5},
    data_fingerprint="abc",
    lineage={"teacher": "def"},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "backbone.safetensors"
    head = torch.nn.Linear(128, 2).state_dict()
    save_backbone(path, trained("mini_d"), CARD, head=head)
    return path


def test_what_was_saved_comes_back(path: Path) -> None:
    expected = trained("mini_d").state_dict()

    loaded = load_backbone(str(path))

    found = loaded.backbone.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert loaded.card == CARD
    assert loaded.backbone.pixels == CARD.pixels
    assert {name: tuple(t.shape) for name, t in loaded.head.items()} == {"weight": (2, 128), "bias": (2,)}


def test_the_report_says_what_was_loaded(path: Path) -> None:
    report = load_backbone(str(path)).report.as_dict()

    settings = report.pop("settings")
    assert settings["mean"] == {"value": (0.1, 0.2, 0.3), "told_by": "the file's card"}
    assert settings["padding"] == {"value": "symmetric", "told_by": "the file's card"}
    assert report == {
        "source": str(path),
        "arch": "mini_d",
        "was_random": False,
        "origin": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "shuffled_from": "",
        "sha256_from": "",
        "wrappings": (),
        "left_out": (),
        "matched": 110,
        "missing": (),
        "misshapen": (),
        "unexpected": (),
        "allowed_missing": (),
        "classifier": ("bias", "weight"),
        "classes": 2,
        "twins": (),
        "share_loaded": 1.0,
        "dtypes": ("float32",),
        "norms": 22,
    }


def test_a_run_folder_stands_for_its_weights(path: Path) -> None:
    loaded = load_backbone(str(path.parent), Use(8))

    assert loaded.report.share_loaded == 1.0
    assert loaded.backbone.strides == (4, 8, 8, 8)


def test_a_random_backbone_is_the_seeds_and_says_so() -> None:
    loaded = load_backbone("random:mini_d", seed=4)

    weight = create("mini_d", seed=4).state_dict()["layer1.0.conv1.weight"]
    assert torch.equal(loaded.backbone.state_dict()["layer1.0.conv1.weight"], weight)
    assert loaded.report.was_random
    assert (loaded.report.share_loaded, loaded.card, dict(loaded.head)) == (0.0, None, {})


def test_a_card_is_read_without_torch(path: Path) -> None:
    code = (
        "import sys, pathlib; from transferbench.backbones.card import read_card; "
        f"print(read_card(pathlib.Path({str(path)!r})).arch, 'torch' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "mini_d False\n"


def test_nothing_but_the_file_is_left_behind(path: Path) -> None:
    assert [entry.name for entry in path.parent.iterdir()] == ["backbone.safetensors"]


def test_a_folder_that_cannot_be_written_is_a_run_error_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "backbone.safetensors"

    with pytest.raises(RunError, match=r"expected to write \d+ bytes of weights, found 'No such file"):
        save_backbone(path, create("mini_d"), CARD)

    assert list(tmp_path.iterdir()) == []


def test_weights_saved_from_channels_last_are_the_same(tmp_path: Path, path: Path) -> None:
    other = tmp_path / "other.safetensors"
    backbone = trained("mini_d").to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    save_backbone(other, backbone, CARD)

    ours, theirs = load_file(other), load_file(path)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_published_file_loads_without_its_classifier(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    tensors = trained("mini_b", seed=2).state_dict()
    without_counters = {name: t for name, t in tensors.items() if "num_batches" not in name}
    save_file(without_counters | {"fc.weight": torch.ones(5, 128), "fc.bias": torch.ones(5)}, path)

    loaded = load_backbone(str(path), asked=Asked("mini_b"))

    assert torch.equal(loaded.backbone.state_dict()["conv1.weight"], tensors["conv1.weight"])
    assert loaded.report.classifier == ("bias", "weight")
    assert (loaded.report.share_loaded, loaded.card) == (1.0, None)


def test_a_bare_file_without_an_architecture_is_recognised_but_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(create("mini_c").state_dict(), path)

    assert _complaint(path) == (
        f"{path}: expected a card in the header or a named architecture, found neither; "
        "it looks like a file for 'mini_c'; name one with --arch, or in a recipe as arch = \"...\""
    )


def test_the_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(create("mini_b").state_dict(), path)

    assert _complaint(path, arch="mini_d") == (
        f"{path}: expected the weights of 'mini_d', found 98.0% of them; tensors: "
        "23 missing (the first is 'conv1.0.weight'), "
        "3 of another shape (the first is 'layer2.0.downsample.1.weight: 32 in place of 32x16x1x1'), "
        "13 unexpected (the first is 'conv1.weight'); "
        "it looks like a file for 'mini_b'; take another file"
    )


def test_a_missing_tensor_is_named(path: Path) -> None:
    tensors = load_file(path)
    del tensors["layer3.1.bn2.weight"]
    save_file({name: t for name, t in tensors.items() if not name.startswith("head.")}, path)

    assert _complaint(path, arch="mini_d").endswith(
        "tensors: 1 missing (the first is 'layer3.1.bn2.weight'); "
        "most of 'mini_d' is there, so the file may have been cut or edited; "
        "take another file, or, if that is meant, give --allow-missing 'layer3.1.bn2.weight'"
    )


def test_a_card_of_another_architecture_is_refused(path: Path) -> None:
    assert _complaint(path, arch="mini_b") == (
        f"{path}: expected weights of 'mini_b', found a card that says 'mini_d'; "
        "leave the architecture out or take another file"
    )


def test_weights_with_nan_are_refused(path: Path) -> None:
    tensors = load_file(path)
    tensors["layer2.0.conv1.weight"][0, 0, 0, 0] = float("nan")
    save_file(tensors, path, to_metadata(CARD))

    assert _complaint(path) == (
        f"{path}: expected the weights of a trained network, found NaN or infinity in "
        "'layer2.0.conv1.weight'; "
        "take another file or an earlier run"
    )


@pytest.mark.parametrize("kept", [0, 7, 100, 0.5, 0.999])
def test_a_truncated_file_is_refused(path: Path, kept: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if 0 < kept < 1 else int(kept)])

    message = _complaint(path)

    what = "something else (" if content_is_left(path) else "an empty one"
    assert message.startswith(f"{path}: expected a whole .safetensors file, found {what}")
    assert message.endswith("; copy or download it again")


def content_is_left(path: Path) -> bool:
    return path.stat().st_size > 0


def test_a_header_that_claims_more_than_the_file_holds_is_refused(path: Path) -> None:
    path.write_bytes((1 << 40).to_bytes(8, "little") + path.read_bytes()[8:])

    assert "expected a whole .safetensors file" in _complaint(path)


def test_a_card_with_a_fault_is_refused(path: Path) -> None:
    save_file(
        load_file(path), path, metadata={"transferbench": '{"arch": "mini_d", "pixels": {"crop": "x"}}'}
    )

    assert (
        "expected a card under 'transferbench' in the header, found a fault at 'pixels.crop'"
        in _complaint(path)
    )


def test_a_file_without_a_card_has_none(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")

    assert read_card(tmp_path / "x.safetensors") is None


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert _complaint(tmp_path / "x.safetensors").endswith("found nothing; check the name")
    assert _complaint(tmp_path).endswith("found a folder without it; finish the pretraining first")


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")

    assert _complaint(path) == (
        f"{path}: expected tensors alone, found a pickle that asks for 'os.system', which could run any "
        "code; nothing of it was run; if you trust whoever made it, give --trust"
    )


def test_an_unknown_random_architecture_gets_the_nearest_name() -> None:
    with pytest.raises(WeightsError, match="found 'mini_e'; did you mean 'mini_"):
        load_backbone("random:mini_e")


def _complaint(path: Path, arch: str | None = None) -> str:
    with pytest.raises(WeightsError) as caught:
        load_backbone(str(path), asked=Asked(arch))
    return str(caught.value)
