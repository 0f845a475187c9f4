from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k
from tests.fabricate.cityscapes import write_cityscapes
from tests.fabricate.voc_masks import write_mask, write_voc_masks
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.base import Foreign
from transferbench.tasks.segment.foreign import read_masks
from transferbench.tasks.segment.metric.tally import confusion_of
from transferbench.tasks.segment.settings import Ade20kData, CityscapesData, VocMaskData
from transferbench.tasks.segment.sources.masks import SplitPairs, read_labels, read_values
from transferbench.tasks.segment.sources.read import read_splits
from transferbench.tasks.segment.stored import masks_of


def _write(folder: Path, name: str, values_HW: np.ndarray) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values_HW).save(path)
    return path


def _copied(
    split: SplitPairs, folder: Path, change: Callable[[np.ndarray], np.ndarray] = lambda values: values
) -> Path:
    """Writes the truth of the scored pictures, changed, as the predictions of a tool."""
    for pair in split.score:
        _write(
            folder, f"{pair.picture.stem}.png", change(read_values(pair.mask, split.code)).astype(np.uint8)
        )
    return folder


@pytest.fixture
def split(tmp_path: Path) -> SplitPairs:
    """Two scored pictures of four classes; 0 is ignored."""
    write_ade20k(tmp_path / "data")
    return read_splits(tmp_path / "data", Ade20kData(), None, is_scored_only=True)


def _fault(path: Path, split: SplitPairs) -> str:
    with pytest.raises(DataError) as caught:
        read_masks(path, split)
    return str(caught.value)


def _confusion(found: Foreign, split: SplitPairs) -> np.ndarray:
    return confusion_of(found.predictions, len(split.classes))


def test_the_truth_itself_is_all_right(tmp_path: Path, split: SplitPairs) -> None:
    found = read_masks(_copied(split, tmp_path / "masks"), split)

    confusion_KK1 = _confusion(found, split)
    assert (confusion_KK1 == np.hstack([np.diag(confusion_KK1.sum(axis=1)), np.zeros((4, 1))])).all()
    assert confusion_KK1.sum() == 2 * (40 * 32 - 1)
    assert found.remarks == ()


def test_pictures_are_counted_apart_and_their_labels_are_kept(tmp_path: Path, split: SplitPairs) -> None:
    found = read_masks(_copied(split, tmp_path / "masks"), split)

    assert found.predictions["pictures"].tolist() == [2]
    assert set(found.predictions["picture"].tolist()) == {0, 1}
    for pair, labels_HW in zip(split.score, masks_of(found.predictions), strict=True):
        assert (labels_HW == read_labels(pair, split.code)).all()


def test_many_pictures_keep_their_order(tmp_path: Path) -> None:
    write_ade20k(tmp_path / "data", score=15)
    split = read_splits(tmp_path / "data", Ade20kData(), None, is_scored_only=True)

    found = read_masks(_copied(split, tmp_path / "masks"), split)

    corners = [int(labels_HW[1, 1]) for labels_HW in masks_of(found.predictions)]
    assert corners == [int(pair.picture.stem.rpartition("_")[2]) % 4 for pair in split.score]


def test_the_ending_of_a_mask_may_be_written_large(tmp_path: Path, split: SplitPairs) -> None:
    masks = _copied(split, tmp_path / "masks")
    (masks / "validation_1.png").rename(masks / "validation_1.PNG")

    found = read_masks(masks, split)

    assert found.predictions["pictures"].tolist() == [2]


def test_an_ignored_value_is_a_prediction_of_no_class(tmp_path: Path, split: SplitPairs) -> None:
    folder = _copied(split, tmp_path / "masks", lambda values: np.where(values == 1, 0, values))

    found = read_masks(folder, split)

    wall = _confusion(found, split)[0]
    assert wall.tolist() == [0, 0, 0, 0, wall.sum()]
    assert found.remarks[0].endswith(
        "% of the labelled pixels are predicted to be of no class, and so are wrong"
    )
    assert found.remarks[1] == "1 of 4 classes (wall) never predicted"


def test_wrong_pixels_are_counted_by_truth_and_prediction(tmp_path: Path, split: SplitPairs) -> None:
    folder = _copied(split, tmp_path / "masks", lambda values: np.where(values == 2, 4, values))

    confusion_KK1 = _confusion(read_masks(folder, split), split)

    assert confusion_KK1[1].tolist() == [0, 0, 0, confusion_KK1[1].sum(), 0]


@pytest.mark.parametrize("mode", ["P", "1"])
def test_a_palette_and_black_and_white_are_read_as_numbers(
    tmp_path: Path, split: SplitPairs, mode: str
) -> None:
    folder = _copied(split, tmp_path / "masks")
    ones_HW = np.ones((32, 40), np.uint8)
    if mode == "P":
        write_mask(folder / "validation_0.png", ones_HW)
    else:
        _write(folder, "validation_0.png", ones_HW.astype(bool))

    found = read_masks(folder, split)

    assert (masks_of(found.predictions)[0] == 0).all()


def test_masks_may_lie_in_the_folders_of_the_pictures_and_have_the_data_set_s_names(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)
    split = read_splits(tmp_path, CityscapesData(), None, is_scored_only=True)

    found = read_masks(tmp_path / "gtFine" / "val", split)

    assert np.trace(_confusion(found, split)) == _confusion(found, split).sum()
    assert found.remarks[0] == (
        "2 PNG files that belong to no scored picture: first frankfurt_000000_000019_gtFine_labelTrainIds.png"
    )


def test_masks_of_cityscapes_may_lie_in_one_folder_under_the_names_of_the_pictures(tmp_path: Path) -> None:
    split = read_splits(write_cityscapes(tmp_path), CityscapesData(), None, is_scored_only=True)

    found = read_masks(_copied(split, tmp_path / "masks"), split)

    assert np.trace(_confusion(found, split)) == _confusion(found, split).sum()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path / "data", score=6)
    split = read_splits(tmp_path / "data", Ade20kData(), None, is_scored_only=True)
    masks = _copied(split, tmp_path / "masks")
    (masks / "validation_0.png").unlink()
    _write(masks, "validation_1.png", blocks((20, 16), 0))
    _write(masks, "validation_2.png", np.full((32, 40), 9, np.uint8))
    Image.new("RGB", (40, 32)).save(masks / "validation_3.png")
    (masks / "validation_4.png").write_bytes((masks / "validation_5.png").read_bytes()[:60])

    lines = _fault(masks, split).splitlines()

    assert folder.is_dir() and len(lines) == 5
    assert lines[0] == (
        f"{masks}/validation_0.png: expected the mask of validation_0.jpg, found no such file; predict the "
        "whole split"
    )
    assert lines[1] == (
        f"{masks}/validation_1.png: expected the size of its picture, 40x32, found 20x16; predict pictures "
        "at their own size"
    )
    assert lines[2] == (
        f"{masks}/validation_2.png: expected the values 0 (ignored) and 1 to 4 (the 4 classes of "
        "objectInfo150.txt), found 9 in 1,280 pixels; write the values that the data set's own masks have"
    )
    assert (
        "validation_3.png: expected a mask of one byte a pixel (mode L or P or 1), found mode RGB" in lines[3]
    )
    assert "validation_4.png: expected a whole mask, found one that cannot be decoded" in lines[4]


def test_ten_faults_are_told_and_the_rest_are_counted(tmp_path: Path) -> None:
    write_ade20k(tmp_path / "data", score=13)
    split = read_splits(tmp_path / "data", Ade20kData(), None, is_scored_only=True)
    masks = tmp_path / "masks"
    _write(masks, "validation_0.png", blocks((40, 32), 0))

    lines = _fault(masks, split).splitlines()

    assert len(lines) == 11 and lines[-1] == "... and 2 more faults like these"


def test_files_of_other_names_are_refused(tmp_path: Path, split: SplitPairs) -> None:
    _write(tmp_path / "masks", "1.png", blocks((40, 32), 0))

    assert _fault(tmp_path / "masks", split) == (
        f"{tmp_path}/masks: expected masks named as the scored pictures or their masks, as validation_0.png, "
        "found 1 PNG files, none of such a name; rename them, or give their folder"
    )


@pytest.mark.parametrize(("name", "found"), [("none", "no such folder"), ("file.npz", "a file")])
def test_what_is_no_folder_is_told(tmp_path: Path, split: SplitPairs, name: str, found: str) -> None:
    (tmp_path / "file.npz").touch()

    assert _fault(tmp_path / name, split) == (
        f"{tmp_path}/{name}: expected a folder of masks, a PNG for each scored picture, found {found}; give "
        "where they are"
    )


def test_values_that_are_one_too_low_are_told(tmp_path: Path, split: SplitPairs) -> None:
    masks = _copied(split, tmp_path / "masks", lambda values: np.maximum(values, 1) - 1)

    assert _fault(masks, split) == (
        f"{masks}: expected the values of the data set, 0 (ignored) and 1 to 4 (the 4 classes of "
        "objectInfo150.txt), found a mean IoU of 0.000 as written and of 1.000 with each value one higher; "
        "values are off by one: write the values that the data set's own masks have"
    )


def test_values_that_are_one_too_high_are_told(tmp_path: Path) -> None:
    write_voc_masks(tmp_path)
    split = read_splits(tmp_path, VocMaskData(), None, is_scored_only=True)
    masks = _copied(split, tmp_path / "masks", lambda values: np.where(values == 255, 0, values) + 1)

    assert "0.000 as written and of 1.000" in _fault(masks, split)
    assert "with each value one lower; values are off by one" in _fault(masks, split)


def test_training_ids_instead_of_ids_are_told(tmp_path: Path) -> None:
    split = read_splits(write_cityscapes(tmp_path), CityscapesData(), None, is_scored_only=True)
    masks = _copied(split, tmp_path / "masks", lambda values: split.code.labels_V[values])

    told = _fault(masks, split)

    assert "with the classes numbered 0, 1, ...; values are numbers that the tool gave them: write" in told


def test_poor_predictions_are_not_taken_for_moved_ones(tmp_path: Path, split: SplitPairs) -> None:
    rng = np.random.default_rng(0)
    masks = _copied(split, tmp_path / "masks", lambda values: rng.integers(1, 5, values.shape))

    assert 0.05 < np.trace(_confusion(read_masks(masks, split), split)) / (2 * 1279) < 0.5


def test_a_reading_that_is_better_but_not_far_better_is_no_fault(tmp_path: Path, split: SplitPairs) -> None:
    def half(values_HW: np.ndarray) -> np.ndarray:
        is_moved_HW = np.arange(values_HW.shape[0])[:, None] % 5 > 1
        return np.where(is_moved_HW, np.maximum(values_HW, 1) - 1, values_HW)

    found = read_masks(_copied(split, tmp_path / "masks", half), split)

    confusion_KK1 = _confusion(found, split)
    assert 0.3 < np.trace(confusion_KK1) / confusion_KK1.sum() < 0.45


def test_one_file_for_two_pictures_of_one_name_is_refused(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)
    split = read_splits(tmp_path, CityscapesData(), None)
    masks = _copied(split, tmp_path / "masks")
    twins = SplitPairs(
        split.folder,
        (),
        [type(p)(p.picture.with_name("a.png"), p.mask, str(n)) for n, p in enumerate(split.score)],
        split.classes,
        split.code,
    )
    _write(masks, "a.png", np.zeros((1, 1), np.uint8))

    assert "a.png: expected the mask of one picture, found two, " in _fault(masks, twins)


def test_the_real_scenes_of_ade20k_are_worth_all_with_their_own_masks() -> None:
    root = real_data("ade20k")
    split = read_splits(root, Ade20kData(), None, is_scored_only=True)

    found = read_masks(root / "ADEChallengeData2016" / "annotations" / "validation", split)

    confusion_KK1 = _confusion(found, split)
    assert np.trace(confusion_KK1) == confusion_KK1.sum() > 500_000
    assert found.remarks[0].startswith("135 of 150 classes (floor, ceiling, ")


def test_masks_of_predict_are_taken_and_its_drawings_left(split: SplitPairs, tmp_path: Path) -> None:
    folder = _copied(split, tmp_path / "found")
    for path in sorted(folder.glob("*.png")):
        path.rename(path.with_stem(f"{path.stem}_mask"))
        Image.new("RGB", (8, 8)).save(path)

    found = read_masks(folder, split)

    confusion_KK1 = confusion_of(found.predictions, 4)
    assert np.trace(confusion_KK1) == confusion_KK1.sum() > 0
