"""The pictures of a run: which are drawn, and under which names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.ade20k import COLOURS, blocks, write_ade20k, write_pair
from transferbench.tasks.base import DataCard, Outcome
from transferbench.tasks.segment import gallery as tested
from transferbench.tasks.segment.bars import Bar
from transferbench.tasks.segment.examples import SegmentExamples
from transferbench.tasks.segment.gallery import Gallery, ranked
from transferbench.tasks.segment.metric.scores import scored
from transferbench.tasks.segment.metric.tally import MULTI, SINGLE, Tally, confusion_of
from transferbench.tasks.segment.settings import Ade20kData, Augment
from transferbench.tasks.segment.sources.read import read_splits
from transferbench.tasks.segment.stored import stored


def gallery(root: Path, *, wrong_rows: tuple[int, ...]) -> Gallery:
    """Returns the gallery of the scored split, of whose pictures so many rows are predicted wrong."""
    splits = read_splits(root, Ade20kData(), None)
    examples = SegmentExamples(splits.score, splits.code, Augment(base_size=40, crop=32))
    tally, contents = Tally(len(splits.classes)), []
    for index, rows in enumerate(wrong_rows):
        truth_HW = examples.example(index, None)[1]
        predicted_HW = np.minimum(truth_HW, 3)
        predicted_HW[:rows] = (predicted_HW[:rows] + 1) % 4
        for way in (SINGLE, MULTI):
            tally.add(way, torch.from_numpy(truth_HW), torch.from_numpy(predicted_HW))
        contents.append(stored(predicted_HW))
    sparse = tally.sparse()
    confusion_KK1 = confusion_of(sparse, len(splits.classes))
    single = scored(confusion_KK1, splits.classes)
    several = scored(confusion_KK1, splits.classes, prefix="segment/ms_")
    pixels = dict(zip(splits.classes, confusion_KK1.sum(axis=1).tolist(), strict=True))
    outcome = Outcome(
        scores={**single.scores, **several.scores},
        per_class={**single.per_class, **several.per_class, "segment/pixels": pixels},
        predictions={
            **sparse,
            "masks": np.frombuffer(b"".join(contents), np.uint8),
            "mask_bytes": np.array([len(content) for content in contents]),
        },
    )
    card = DataCard(str(root), "", {"score": len(examples)}, splits.classes, marks=splits.marks)
    return Gallery(examples, outcome, card, title="tiny@1")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.png"))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_the_first_pictures_are_drawn_with_truth_and_prediction(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    gallery(tmp_path, wrong_rows=(0, 32)).draw_first(tmp_path, 5)

    assert names(tmp_path) == ["predicted_0.png", "predicted_1.png", "truth_0.png", "truth_1.png"]
    truths = [pixels(tmp_path / f"truth_{index}.png")[128:, 8:] for index in range(2)]
    predictions = [pixels(tmp_path / f"predicted_{index}.png")[128:, 8:] for index in range(2)]
    assert (truths[0] == predictions[0]).all()
    assert (truths[1] != predictions[1]).any(axis=2).all()


def test_a_drawing_has_the_data_set_s_own_colours(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    gallery(tmp_path, wrong_rows=(0, 0)).draw_first(tmp_path, 1)

    wall = 0.7 * np.array([120, 120, 120]) + 0.3 * COLOURS[1]
    assert np.abs(pixels(tmp_path / "truth_0.png")[40, 40] - wall).max() < 4


def test_best_median_and_worst_are_ordered_by_the_picture_s_own_miou(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ade20k(tmp_path, score=5)
    titles: list[str] = []

    def draw_comparison(*_: object, title: str) -> Image.Image:
        titles.append(title)
        return Image.new("RGB", (1, 1))

    monkeypatch.setattr(tested, "draw_comparison", draw_comparison)

    gallery(tmp_path, wrong_rows=(12, 0, 32, 4, 20)).draw_extremes(tmp_path, 2)

    kinds = ("best_0", "best_1", "median_0", "median_1", "worst_0", "worst_1")
    assert names(tmp_path) == [f"{kind}.png" for kind in kinds]
    assert [title.split(":")[0].removeprefix("validation_") for title in titles] == [*"130324"]
    assert titles[0] == "validation_1: pixAcc 100.0, mIoU 100.0"
    assert titles[4] == "validation_2: pixAcc 0.0, mIoU 0.0"


def test_what_is_drawn_of_an_extreme_is_its_own_prediction(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    gallery(tmp_path, wrong_rows=(32, 0)).draw_extremes(tmp_path, 1)

    wrong = {
        name: int((pixels(tmp_path / name) == (150, 0, 40)).all(axis=2).sum()) for name in names(tmp_path)
    }
    swatch = 29 * 15
    assert wrong["best_0.png"] == swatch
    assert wrong["worst_0.png"] == swatch + (40 * 32 - 1) * 8**2


def test_a_picture_without_labelled_pixels_is_neither_best_nor_worst(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path, score=1)
    write_pair(folder, "validation", "validation_1", blocks((40, 32), 0) * 0)

    gallery(tmp_path, wrong_rows=(3, 3)).draw_extremes(tmp_path, 6)

    assert names(tmp_path) == ["best_0.png", "median_0.png", "worst_0.png"]


def test_bars_have_both_ways_of_scoring_and_the_share_of_the_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ade20k(tmp_path)
    seen: dict[str, list[Bar]] = {}
    monkeypatch.setattr(tested, "draw_bars", lambda bars, path, title: seen.update({title: bars}))

    gallery(tmp_path, wrong_rows=(0, 0)).draw_bars(tmp_path / "classes.png")

    ((title, bars),) = seen.items()
    assert title == "tiny@1: 2 pictures, mIoU 100.0, at several scales 100.0"
    assert [(bar.name, bar.iou, bar.ms_iou) for bar in bars][:2] == [("wall", 1.0, 1.0), ("sky", 1.0, 1.0)]
    assert sum(bar.share for bar in bars) == pytest.approx(1)
    assert bars[0].share < bars[2].share


def test_bars_are_written(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    gallery(tmp_path, wrong_rows=(5, 9)).draw_bars(tmp_path / "classes.png")

    assert pixels(tmp_path / "classes.png").shape[1] > 800


def test_the_median_is_the_middle_and_then_its_neighbours() -> None:
    ious = {7: 0.1, 3: 0.5, 9: 0.9, 1: 0.7, 2: 0.3}

    assert ranked(ious, 3) == {"best": [9, 1, 3], "median": [3, 1, 2], "worst": [7, 2, 3]}


def test_of_equal_pictures_the_first_comes_first() -> None:
    assert ranked({5: 0.5, 2: 0.5, 4: 0.5}, 2) == {"best": [2, 4], "median": [4, 2], "worst": [2, 4]}


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_no_picture_is_twice_within_a_kind(count: int) -> None:
    for pictures in range(4):
        for chosen in ranked({picture: 0.1 * picture for picture in range(pictures)}, count).values():
            assert len(chosen) == len(set(chosen)) == min(count, pictures)
