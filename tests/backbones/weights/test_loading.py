"""Weights from the wild load whole, with what was done to them told, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor

from tests.fabricate.hub import Hub, Repo, hub_at_hand
from tests.fabricate.networks import head, shaken, trained
from transferbench.backbones.card import Form, WeightsCard
from transferbench.backbones.weights.asked import Asked, Use
from transferbench.backbones.weights.load import LoadedBackbone, found_at, load_backbone
from transferbench.backbones.weights.save import save_backbone
from transferbench.errors import ConfigError, WeightsError

MINI = trained("mini_d").state_dict()
HEAD = {f"fc.{name}": tensor for name, tensor in head(128, 5).items()}


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def loaded(folder: Path, content: dict[str, Any], asked: Asked, use: Use | None = None) -> LoadedBackbone:
    torch.save(content, folder / "x.pth")
    return load_backbone(str(folder / "x.pth"), use or Use(), asked=asked)


def is_mini(found: LoadedBackbone) -> bool:
    state = found.backbone.state_dict()
    return all(torch.equal(state[name], tensor) for name, tensor in MINI.items() if "batches" not in name)


@pytest.mark.parametrize(
    ("content", "wrappings", "left_out"),
    [
        ({**MINI, **HEAD}, (), 0),
        ({"state_dict": prefixed("module.", {**MINI, **HEAD}), "epoch": 9}, ("state_dict", "module."), 0),
        ({"model": prefixed("_orig_mod.", MINI), "optimizer": {}}, ("model", "_orig_mod."), 0),
        ({"student": {}, "teacher": prefixed("backbone.", MINI)}, ("teacher", "backbone."), 0),
        (prefixed("encoder.", MINI) | {"projector.weight": torch.ones(1)}, ("encoder.",), 1),
        (prefixed("backbone.body.", MINI) | {"rpn.weight": torch.ones(1)}, ("backbone.", "body."), 1),
        (prefixed("model.backbone.", MINI) | prefixed("model.", HEAD), ("model.", "backbone."), 2),
    ],
)
def test_wrapped_weights_are_the_same_weights(
    tmp_path: Path, content: dict[str, Any], wrappings: tuple[str, ...], left_out: int
) -> None:
    found = loaded(tmp_path, content, Asked("mini_d"))

    assert is_mini(found)
    assert found.report.wrappings == wrappings
    assert len(found.report.left_out) == left_out


def test_a_moco_checkpoint_gives_the_encoder_that_learns(tmp_path: Path) -> None:
    slow = trained("mini_d", seed=9).state_dict()
    content = {"state_dict": prefixed("module.encoder_k.", slow) | prefixed("module.encoder_q.", MINI)}

    found = loaded(tmp_path, content, Asked("mini_d"))

    assert is_mini(found)
    assert found.report.wrappings == ("state_dict", "module.", "encoder_q.")


def test_half_precision_is_told_and_becomes_single(tmp_path: Path) -> None:
    half = {name: t.half() if t.is_floating_point() else t for name, t in MINI.items()}

    found = loaded(tmp_path, half, Asked("mini_d"))

    assert found.report.dtypes == ("float16",)
    assert {t.dtype for t in found.backbone.parameters()} == {torch.float32}


def test_inceptions_auxiliary_head_is_left_out_and_its_maps_stand_where_positions_count(
    tmp_path: Path,
) -> None:
    tensors = trained("inception_v3").state_dict() | {"AuxLogits.fc.weight": torch.ones(2)}

    plain = loaded(tmp_path, tensors, Asked("inception_v3"))
    dense = loaded(tmp_path, tensors, Asked("inception_v3"), Use(is_dense=True))

    assert plain.report.left_out == ("AuxLogits.fc.weight",)
    assert (plain.backbone.form.padding, dense.backbone.form.padding) == ("valid", "symmetric")
    assert dense.report.settings["padding"]["told_by"] == "the task, in place of 'valid'"


def test_what_may_be_missing_keeps_its_initial_values_and_is_recorded(tmp_path: Path) -> None:
    short = {name: tensor for name, tensor in MINI.items() if "running" not in name}

    found = loaded(tmp_path, short, Asked("mini_d", allow_missing=("*running_*",)))

    assert len(found.report.allowed_missing) == 44
    assert 0.99 < found.report.share_loaded < 1


@pytest.mark.parametrize(
    ("theirs", "asked", "guess"),
    [
        ("resnet101", "resnet50", "it looks like a file for 'resnet101' (or 'resnet101_b', 'resnet101_v1', "),
        ("resnet18_b", "resnet18_d", "it looks like a file for 'resnet18' (or 'resnet18_b', "),
        ("mobilenet_v1_050", "mobilenet_v1_100", "it looks like a file for 'mobilenet_v1_050'; "),
    ],
)
def test_weights_of_another_network_are_refused_and_recognised(
    tmp_path: Path, theirs: str, asked: str, guess: str
) -> None:
    with pytest.raises(WeightsError) as caught:
        loaded(tmp_path, trained(theirs).state_dict(), Asked(asked))

    assert f"expected the weights of {asked!r}, found " in str(caught.value)
    assert guess in str(caught.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"bn1.running_var": torch.zeros(16)}, "a variance of 0 in 'bn1.running_var'"),
        ({"bn1.running_var": torch.full((16,), -1.0)}, "a variance of -1 in 'bn1.running_var'"),
        ({"bn1.weight": torch.full((16,), float("inf"))}, "NaN or infinity in 'bn1.weight'"),
    ],
)
def test_what_no_trained_network_has_is_refused(
    tmp_path: Path, change: dict[str, Tensor], fault: str
) -> None:
    with pytest.raises(WeightsError) as caught:
        loaded(tmp_path, {**MINI, **change}, Asked("mini_d"))

    assert str(caught.value) == (
        f"{tmp_path}/x.pth: expected the weights of a trained network, found {fault}; "
        "take another file or an earlier run"
    )


def test_a_network_that_was_never_trained_is_refused(tmp_path: Path) -> None:
    from transferbench.backbones.catalog import create

    with pytest.raises(WeightsError, match="22 of 22 batch norms with the statistics they were made with"):
        loaded(tmp_path, create("mini_d").state_dict(), Asked("mini_d"))


def test_the_control_of_a_file_is_its_network_with_random_weights(tmp_path: Path) -> None:
    card = WeightsCard("mobilenet_v1_025")
    save_backbone(tmp_path / "x.safetensors", trained("mobilenet_v1_025", form=Form("relu6", "same")), card)

    found = load_backbone(f"random:{tmp_path}/x.safetensors", seed=3)

    assert found.report.was_random
    assert (found.backbone.arch, found.backbone.form) == ("mobilenet_v1_025", Form("relu6", "same"))


def test_a_file_for_a_network_of_timms_loads_by_timms_names(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="needs the extra `timm`")
    full = shaken(timm.create_model("regnety_002", num_classes=7))
    save_file(full.state_dict(), tmp_path / "x.safetensors")

    found = load_backbone(str(tmp_path / "x.safetensors"), asked=Asked("timm:regnety_002"))

    assert (found.report.share_loaded, found.report.arch) == (1.0, "timm:regnety_002")
    assert sorted(found.report.classifier) == ["head.fc.bias", "head.fc.weight"]


@pytest.mark.parametrize("prefix", ["fc.", "last_linear.", "head.fc."])
def test_a_classifier_is_known_by_its_usual_names(tmp_path: Path, prefix: str) -> None:
    found = loaded(tmp_path, MINI | prefixed(prefix, head(128, 5)), Asked("mini_d"))

    assert (found.report.classes, found.has_linear_head) == (5, True)


def test_leave_to_lack_most_of_a_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="expected at least half of the numbers of 'mini_d'"):
        loaded(tmp_path, {"bn1.bias": torch.ones(16)}, Asked("mini_d", allow_missing=("*",)))


def test_leave_to_lack_what_is_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"expected --allow-missing 'bn1\.byas' to name tensors"):
        loaded(tmp_path, MINI, Asked("mini_d", allow_missing=("bn1.byas",)))


def test_a_file_without_statistics_is_told_the_pattern_that_lets_it_through(tmp_path: Path) -> None:
    short = {name: tensor for name, tensor in MINI.items() if "running" not in name}

    with pytest.raises(WeightsError, match=r"most of 'mini_d' is there.*--allow-missing '\*\.running_\*'"):
        loaded(tmp_path, short, Asked("mini_d"))


def test_a_network_with_a_twin_is_said_to_be_what_only_the_user_knows(tmp_path: Path) -> None:
    found = loaded(tmp_path, trained("resnet50").state_dict(), Asked("resnet50_v1"))

    assert found.report.twins == ("resnet50", "resnet50_b")


def test_settings_of_classification_have_no_effect_where_positions_count(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="setting 'crop': expected one that steers a detector"):
        loaded(tmp_path, MINI, Asked("mini_d", {"crop": 0.5}), Use(is_dense=True))


@pytest.mark.parametrize("asked", [Asked("mini_b"), Asked(allow_missing=("x",))])
def test_random_weights_take_nothing_that_would_have_no_effect(asked: Asked) -> None:
    with pytest.raises(WeightsError, match="expected neither --arch nor --allow-missing for random weights"):
        load_backbone("random:mini_d", asked=asked)


def test_what_was_missing_may_not_be_frozen(tmp_path: Path) -> None:
    from transferbench.tasks.detect.model.detector import detector
    from transferbench.tasks.detect.protocols import PROTOCOLS

    short = {name: tensor for name, tensor in MINI.items() if not name.startswith("conv1.")}
    backbone = loaded(tmp_path, short, Asked("mini_d", allow_missing=("conv1.*",))).backbone
    protocol = PROTOCOLS["miniature@1"].model_copy(update={"frozen_stages": 1})

    with pytest.raises(ConfigError, match=r"found 'conv1\.0\.weight' of 'mini_d', which its file lacks"):
        detector(backbone, 3, protocol, 0)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub", reason="needs the extra `hub`")
    with hub_at_hand(tmp_path, monkeypatch) as hub:
        yield hub


def test_a_repository_of_a_hub_says_network_and_pixels_and_is_held_to_its_hash(hub: Hub) -> None:
    weights = save(trained("resnet18_d").state_dict() | prefixed("fc.", head(512, 9)))
    config = {"architecture": "resnet18d", "pretrained_cfg": {"mean": [0.5] * 3, "crop_pct": 0.95}}
    hub.repos["org/net"] = Repo({"model.safetensors": weights, "config.json": json.dumps(config).encode()})

    found = load_backbone("hf:org/net")

    assert (found.report.arch, found.report.sha256_from) == ("resnet18_d", "recorded now")
    assert found.backbone.pixels.mean == (0.5, 0.5, 0.5)
    assert found.report.settings["crop"] == {"value": 0.95, "told_by": "config.json of org/net"}
    assert found_at("hf:org/net").sha256 == found.report.sha256


def test_a_name_of_the_index_loads_with_what_the_index_claims(hub: Hub) -> None:
    weights = save(trained("resnet18").state_dict() | prefixed("fc.", head(512, 1000)))
    hub.repos["timm/resnet18.gluon_in1k"] = Repo({"model.safetensors": weights})

    found = load_backbone("resnet18.gluon_in1k")

    assert found.report.arch == "resnet18"
    assert found.claims["classify/top1"] == pytest.approx(0.70838)
    assert found.backbone.pixels.interpolation == "bicubic"


def test_another_architecture_than_the_source_says_is_refused(hub: Hub) -> None:
    weights = save(trained("resnet50").state_dict() | prefixed("fc.", head(2048, 9)))
    config = {"architecture": "resnet50", "num_classes": 9}
    hub.repos["org/net"] = Repo({"model.safetensors": weights, "config.json": json.dumps(config).encode()})

    assert load_backbone("hf:org/net", asked=Asked("resnet50_b")).report.arch == "resnet50_b"
    with pytest.raises(WeightsError, match=r"found config\.json of org/net that says 'resnet50'; leave"):
        load_backbone("hf:org/net", asked=Asked("resnet50_v1"))


def test_another_number_of_classes_than_the_source_says_is_refused(hub: Hub) -> None:
    weights = save(trained("resnet18").state_dict() | prefixed("fc.", head(512, 9)))
    hub.repos["timm/resnet18.gluon_in1k"] = Repo({"model.safetensors": weights})

    with pytest.raises(WeightsError, match="expected a classifier of 1000 classes, as the index says"):
        load_backbone("resnet18.gluon_in1k")
