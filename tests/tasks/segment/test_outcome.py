from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k, write_pair
from tests.tasks.segment.tiny import PROTOCOL, TinyBackbone, batch_of, measured
from transferbench.errors import DataError, RunError
from transferbench.tasks.decode import read_header, read_rgb
from transferbench.tasks.segment.metric.scores import mean_iou
from transferbench.tasks.segment.metric.tally import MULTI, confusion_of
from transferbench.tasks.segment.settings import MultiScale, SegmentProtocol
from transferbench.tasks.segment.stored import masks_of
from transferbench.tasks.segment.task import SegmentTask


def _with(**changes: object) -> SegmentProtocol:
    return PROTOCOL.model_copy(update=changes)


def test_stretches_of_a_split_are_worth_what_the_whole_is(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0)
    examples = task.score_examples
    each = [examples.collate([examples.example(index, None)]) for index in range(2)]
    whole = task.measure(model, each, lambda done: None)

    parts = [task.measure(model, [one], lambda done: None) for one in each]

    joined = task.outcome(parts)
    assert joined.scores == task.outcome([whole]).scores
    assert all((joined.predictions[name] == whole[name]).all() for name in whole)


def test_scores_follow_from_the_predictions_that_are_kept(task: SegmentTask) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))

    again = confusion_of(outcome.predictions, 4)
    assert outcome.scores["segment/miou"] == mean_iou(again)
    assert again.sum() == 2 * (40 * 32 - 1)
    assert masks_of(outcome.predictions)[1].shape == (32, 40)


def test_pictures_of_different_sizes_share_a_batch_without_meeting(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path, score=1)
    write_pair(folder, "validation", "wider", blocks((64, 32), 1))
    task = SegmentTask(PROTOCOL, tmp_path)
    model = task.build(TinyBackbone(), seed=0)
    alone = [task.score_examples.collate([task.score_examples.example(i, None)]) for i in range(2)]

    together = measured(task, model, batch_of(task, "score"))

    assert len(batch_of(task, "score").groups) == 2
    assert together.scores == measured(task, model, *alone).scores


def test_a_perfect_network_scores_one(task: SegmentTask, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of(task, "score")
    answer = batch.groups[0].labels_NHW.clamp(max=3)
    monkeypatch.setattr("transferbench.tasks.segment.task.single_scale", lambda *_: answer)

    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch)

    assert set(outcome.scores.values()) == {1.0}
    assert outcome.per_class["segment/miou"] == {"wall": 1.0, "sky": 1.0, "tree": 1.0, "door": 1.0}


def test_a_protocol_of_several_scales_is_scored_both_ways_under_two_names(tmp_path: Path) -> None:
    write_ade20k(tmp_path)
    both = SegmentTask(_with(multi_scale=MultiScale(base_size=40, scales=(0.5, 2.0))), tmp_path)
    model = both.build(TinyBackbone(), seed=0)

    outcome = measured(both, model, batch_of(both, "score"))

    several = confusion_of(outcome.predictions, 4, MULTI)
    assert outcome.scores["segment/ms_miou"] == mean_iou(several)
    assert outcome.scores["segment/miou"] == mean_iou(confusion_of(outcome.predictions, 4))
    assert several.sum() == 2 * (40 * 32 - 1)
    assert set(outcome.per_class) == {
        *("segment/miou", "segment/mean_acc", "segment/ms_miou", "segment/ms_mean_acc", "segment/pixels")
    }


def test_predictions_of_other_pictures_are_refused(task: SegmentTask, tmp_path: Path) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))
    shutil.copytree(tmp_path / "ADEChallengeData2016", tmp_path / "other")
    for path in (tmp_path / "other").rglob("validation_0.*"):
        path.rename(path.with_stem("validation_x"))

    with pytest.raises(DataError, match="expected the pictures that the predictions are of, in their order"):
        SegmentTask(PROTOCOL, tmp_path / "other").outcome([outcome.predictions])


def test_predictions_from_before_both_ways_were_scored_are_one_message(task: SegmentTask) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))
    older = {name: array for name, array in outcome.predictions.items() if name != "way"}

    with pytest.raises(RunError, match="found no way, as"):
        task.outcome([older])


def test_memory_holds_no_logits_however_many_pictures(task: SegmentTask) -> None:
    model, batch = task.build(TinyBackbone(), seed=0), batch_of(task, "score")

    def peak(pictures: int) -> int:
        tracemalloc.start()
        task.measure(model, (batch for _ in range(pictures // 2)), lambda done: None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(200) - peak(100) < 100 * 4096


def test_the_number_of_pictures_done_is_reported(task: SegmentTask) -> None:
    seen: list[int] = []

    task.measure(task.build(TinyBackbone(), seed=0), [batch_of(task, "score")] * 2, seen.append)

    assert seen == [2, 4]


def test_drawings_show_truth_and_prediction(task: SegmentTask, tmp_path: Path) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))
    folder = tmp_path / "drawn"
    folder.mkdir()

    task.draw(outcome, folder, 5)

    names = sorted(path.name for path in folder.iterdir())
    kinds = ("best", "median", "predicted", "truth", "worst")
    assert names == sorted(["classes.png", *(f"{kind}_{place}.png" for kind in kinds for place in (0, 1))])
    assert read_header(folder / "truth_0.png").size == (320, 256)


def test_ignored_pixels_are_drawn_grey(task: SegmentTask, tmp_path: Path) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))

    task.draw(outcome, tmp_path, 1)

    assert read_rgb(tmp_path / "truth_0.png")[0, 0].tolist() == [128, 128, 128]


def test_predictions_counted_against_other_masks_are_refused(task: SegmentTask, tmp_path: Path) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))
    mask = next(iter(sorted((tmp_path / "ADEChallengeData2016/annotations/validation").glob("*.png"))))
    values_HW = np.array(Image.open(mask))
    Image.fromarray(np.where(values_HW == 1, 2, values_HW).astype(np.uint8)).save(mask)

    with pytest.raises(DataError, match="found others for 1 of 2 pictures, first"):
        SegmentTask(PROTOCOL, tmp_path).outcome([outcome.predictions])


def test_predictions_of_classes_that_are_not_there_are_one_message(task: SegmentTask) -> None:
    outcome = measured(task, task.build(TinyBackbone(), seed=0), batch_of(task, "score"))
    broken = {**outcome.predictions, "truth": outcome.predictions["truth"] + np.uint8(100)}

    with pytest.raises(RunError, match="expected labels of 4 classes, found 103"):
        task.outcome([broken])
