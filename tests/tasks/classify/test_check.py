"""Labelled pictures tell right settings from wrong ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.networks import head
from tests.real_data import real_data
from transferbench.backbones.agreement import shake
from transferbench.backbones.card import Form, Pixels
from transferbench.backbones.catalog import create
from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.load import LoadedBackbone, load_backbone
from transferbench.backbones.weights.report import LoaderReport
from transferbench.errors import WeightsError
from transferbench.tasks.classify.check import _changed, _guessed, _rebuilt, check, outputs_of
from transferbench.tasks.classify.labelled import Labelled, read_labelled
from transferbench.tasks.classify.metric import Share
from transferbench.tasks.classify.model import classifier_of

RIGHT = Pixels(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), input_size=32, crop=1.0)
SETTINGS = {
    "padding": "same",
    "activation": "relu6",
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "input_size": 160,
}


@pytest.fixture(scope="module")
def arrays() -> np.ndarray:
    """Coarse and dark pictures, for which settings matter."""
    coarse = np.random.default_rng(0).integers(0, 160, (60, 8, 8, 3), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


@pytest.fixture(scope="module")
def source(arrays: np.ndarray) -> LoadedBackbone:
    """Weights that tell these pictures apart, with the settings that are right for them."""
    backbone = create("mobilenet_v1_025", form=Form("relu6", "same"))
    backbone.pixels = RIGHT
    shake(backbone, backbone.normalize(torch.from_numpy(arrays).permute(0, 3, 1, 2) / 255))
    classifier = {"weight": head(256, 40)["weight"], "bias": torch.zeros(40)}
    return LoadedBackbone(backbone, LoaderReport("x.safetensors", backbone.arch), head=classifier)


@pytest.fixture
def pictures(source: LoadedBackbone, arrays: np.ndarray, tmp_path: Path) -> Labelled:
    """Pictures whose labels are what the weights take them for with their right settings."""
    for number, array in enumerate(arrays):
        Image.fromarray(array).save(tmp_path / f"{number:03}.png")
    labels = _guessed(classifier_of(source), [arrays])[:, 0]
    return Labelled(tuple(sorted(tmp_path.glob("*.png"))), tuple(int(label) for label in labels))


def test_right_settings_are_all_right_and_nothing_better_is_found(
    source: LoadedBackbone, pictures: Labelled
) -> None:
    found = check(source, pictures, claim=None)

    assert (found.top1.value, found.top5.value) == (1.0, 1.0)
    assert (found.verdict, found.better, found.searched) == ("nothing claimed", None, 60)
    assert found.is_sound


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (
            {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
            {"mean": RIGHT.mean, "std": RIGHT.std},
        ),
        ({"colours": "bgr"}, {"colours": "rgb"}),
        ({"padding": "symmetric"}, {"padding": "same"}),
        ({"padding": "symmetric", "colours": "bgr"}, {"padding": "same", "colours": "rgb"}),
    ],
)
def test_wrong_settings_are_named_with_the_right_ones(
    source: LoadedBackbone, pictures: Labelled, wrong: dict[str, object], right: dict[str, object]
) -> None:
    arch, form, pixels = _changed(source.backbone, wrong)
    wrongly = _rebuilt(source, arch, form)
    wrongly.backbone.pixels = pixels

    found = check(wrongly, pictures, claim=0.99)

    assert found.verdict == "below the claim"
    assert found.better is not None
    assert (found.better.settings, found.better.top1.value) == (right, 1.0)
    assert not found.is_sound


def test_a_claim_that_is_met_ends_the_search(source: LoadedBackbone, pictures: Labelled) -> None:
    found = check(source, pictures, claim=0.97)

    assert (found.verdict, found.searched, found.is_sound) == ("agrees", 0, True)


def test_a_claim_far_below_is_told_and_no_fault(source: LoadedBackbone, pictures: Labelled) -> None:
    found = check(source, pictures, claim=0.5, search=False)

    assert (found.verdict, found.is_sound) == ("above the claim", True)


def test_the_outputs_of_a_classifier_are_counted(source: LoadedBackbone) -> None:
    assert outputs_of(source) == 40


def test_weights_without_a_classifier_cannot_be_checked(source: LoadedBackbone, pictures: Labelled) -> None:
    with pytest.raises(WeightsError, match="found a backbone without one"):
        check(replace(source, head={}), pictures, claim=None)


def test_real_weights_do_what_is_known_of_them() -> None:
    weights = real_data("weights") / "mobilenet_v1_050_160.safetensors"
    pictures = read_labelled(real_data("imagenet_sample"), 1000)
    source = load_backbone(str(weights), asked=Asked("mobilenet_v1_050", SETTINGS))

    found = check(source, pictures, claim=0.675)

    assert found.top1 == Share(0.68, pytest.approx(0.594, abs=1e-3), pytest.approx(0.755, abs=1e-3), 125)  # type: ignore[arg-type]
    assert found.top5.value == pytest.approx(0.888, abs=0.01)
    assert found.verdict == "agrees"


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        {"padding": "symmetric"},
        {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
        {"padding": "symmetric", "activation": "relu", "mean": (0, 0, 0), "std": (1, 1, 1)},
    ],
)
def test_real_weights_with_wrong_settings_are_found_out(wrong: dict[str, object]) -> None:
    weights = real_data("weights") / "mobilenet_v1_050_160.safetensors"
    pictures = read_labelled(real_data("imagenet_sample"), 1000)
    source = load_backbone(str(weights), asked=Asked("mobilenet_v1_050", {**SETTINGS, **wrong}))

    found = check(source, pictures, claim=0.675)

    assert found.verdict == "below the claim"
    assert found.better is not None
    assert found.better.settings.items() >= {(key, SETTINGS[key]) for key in wrong if key != "activation"}
