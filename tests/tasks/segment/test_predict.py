"""What a trained network takes the pixels of single pictures for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.tasks.segment.tiny import PROTOCOL, TinyBackbone
from transferbench.errors import DataError, RunError
from transferbench.tasks.base import NO_MARKS, ClassMarks
from transferbench.tasks.catalog import build_network, predictor
from transferbench.tasks.classify.protocols import PROTOCOLS as CLASSIFY
from transferbench.tasks.segment import predict
from transferbench.tasks.segment.predict import SegmentPredictor
from transferbench.tasks.segment.settings import SegmentProtocol

CLASSES = ("road", "sky", "tree")
MARKS = ClassMarks((7, 11, 26), ("#804080", "#4682b4", "#6b8e23"))
LABELS = np.array([[2, 2, 2, 0], [2, 2, 0, 1]], np.uint8)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    Image.fromarray(np.full((2, 4, 3), 90, np.uint8)).save(path)
    return path


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> SegmentPredictor:
    """A network that says `LABELS` of every picture."""

    def single_scale(model: nn.Module, images_N3HW: Tensor, protocol: SegmentProtocol) -> Tensor:
        assert (images_N3HW.shape, images_N3HW.dtype) == ((1, 3, 2, 4), torch.uint8)
        return torch.from_numpy(LABELS)[None]

    monkeypatch.setattr(predict, "single_scale", single_scale)
    return SegmentPredictor(nn.Linear(1, 1), PROTOCOL, CLASSES, MARKS)


def network() -> nn.Module:
    return build_network(PROTOCOL, TinyBackbone(), CLASSES).eval()


def test_a_mask_has_the_values_of_the_data_set(find: SegmentPredictor, picture: Path) -> None:
    mask = find(picture, 0.3).mask

    assert mask is not None
    assert mask.mode == "L"
    assert np.asarray(mask).tolist() == [[26, 26, 26, 7], [26, 26, 7, 11]]


def test_classes_are_told_with_their_share_the_largest_first(find: SegmentPredictor, picture: Path) -> None:
    predicted = find(picture, 0.3)

    assert predicted.told == "tree 62 %, road 25 %, sky 12 %"
    assert predicted.content == {
        "picture": str(picture),
        "width": 4,
        "height": 2,
        "classes": [
            {"class": "tree", "share": 0.625},
            {"class": "road", "share": 0.25},
            {"class": "sky", "share": 0.125},
        ],
    }


def test_a_class_with_few_pixels_is_not_told_to_have_none() -> None:
    assert [predict._percent(share) for share in (0.001, 0.0099, 0.01, 1.0)] == [
        *("<1 %", "<1 %", "1 %", "100 %")
    ]


def test_the_drawing_shows_the_picture_beside_its_labels(find: SegmentPredictor, picture: Path) -> None:
    drawing = np.asarray(find(picture, 0.3).drawing.convert("RGB"))

    assert drawing.shape[1] == 512 + 8 + 512
    assert drawing[26 + 10, 10].tolist() == [90, 90, 90]
    assert drawing[26 + 10, -10].tolist() == [int(0.7 * c + 0.3 * 90) for c in (0x80, 0x40, 0x80)]


@pytest.mark.parametrize("size", [(1, 1), (33, 20), (400, 20)])
def test_a_picture_of_any_size_is_labelled_at_its_own_size(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size, 90).save(tmp_path / "grey.png")
    say = predictor(PROTOCOL, network(), CLASSES, MARKS)

    predicted = say(tmp_path / "grey.png", 0.3)

    assert predicted.mask is not None
    assert predicted.mask.size == size
    assert set(np.unique(np.asarray(predicted.mask)).tolist()) <= set(MARKS.values)
    assert sum(each["share"] for each in predicted.content["classes"]) == pytest.approx(1)


def test_a_broken_picture_is_named(find: SegmentPredictor, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")

    with pytest.raises(DataError, match=r"broken\.jpg: expected a whole picture"):
        find(tmp_path / "broken.jpg", 0.3)


def test_a_record_without_the_values_of_masks_is_refused() -> None:
    with pytest.raises(RunError, match="expected a record that says how the 3 classes stand in masks"):
        predictor(PROTOCOL, network(), CLASSES, NO_MARKS)


def test_a_pretraining_finds_nothing_in_pictures() -> None:
    protocol = next(iter(CLASSIFY.values()))

    with pytest.raises(RunError, match="expected a run of detect or segment, found one of another task"):
        predictor(protocol, nn.Linear(1, 1), CLASSES, NO_MARKS)
