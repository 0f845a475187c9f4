from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k, write_pair
from tests.tasks.segment.tiny import TinyBackbone
from transferbench.engine.plan import Plan
from transferbench.errors import ConfigError, DataError
from transferbench.tasks.base import Cache, Outcome, Task
from transferbench.tasks.decode import read_rgb, read_size
from transferbench.tasks.segment.examples import SegmentBatch
from transferbench.tasks.segment.metric.scores import mean_iou
from transferbench.tasks.segment.metric.tally import MULTI, confusion_of
from transferbench.tasks.segment.model.loss import pixel_loss
from transferbench.tasks.segment.settings import Ade20kData, Augment, Head, MultiScale, SegmentProtocol
from transferbench.tasks.segment.stored import masks_of
from transferbench.tasks.segment.task import SegmentTask

_PROTOCOL = SegmentProtocol(
    name="tiny",
    about="for tests",
    source="ours",
    data=Ade20kData(),
    plan=Plan(epochs=1, batch_size=2, lr=0.05),
    augment=Augment(base_size=40, crop=32),
    head=Head(dropout=0.0, auxiliary_weight=0.4),
)


def _with(**changes: object) -> SegmentProtocol:
    return _PROTOCOL.model_copy(update=changes)


@pytest.fixture
def task(tmp_path: Path) -> SegmentTask:
    write_ade20k(tmp_path)
    return SegmentTask(_PROTOCOL, tmp_path)


def _batch(task: SegmentTask, split: str = "fit") -> SegmentBatch:
    examples = task.fit_examples if split == "fit" else task.score_examples
    rng = np.random.default_rng(0) if split == "fit" else None
    return examples.collate([examples.example(index, rng) for index in range(2)])


def _measured(task: SegmentTask, model: torch.nn.Module, *batches: SegmentBatch) -> Outcome:
    return task.outcome([task.measure(model, batches, lambda done: None)])


def test_the_card_says_what_was_read(task: SegmentTask) -> None:
    as_task: Task = task

    assert as_task.data.pictures == {"train": 4, "score": 2}
    assert as_task.data.classes == ("wall", "sky", "tree", "door")


def test_the_fingerprint_changes_with_a_mask(task: SegmentTask, tmp_path: Path) -> None:
    write_pair(tmp_path / "ADEChallengeData2016", "training", "training_0", blocks((64, 64), 3))

    assert SegmentTask(_PROTOCOL, tmp_path).data.fingerprint != task.data.fingerprint


def test_the_loss_is_the_head_s_and_the_auxiliary_head_s_share(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0).double().train()
    batch = _batch(task)

    loss = task.loss(model, batch, Random(0))

    logits, auxiliary = model(batch.groups[0].images_N3HW.double() / 255)
    labels = batch.groups[0].labels_NHW
    torch.testing.assert_close(loss, pixel_loss(logits, labels) + 0.4 * pixel_loss(auxiliary, labels))
    assert loss.dtype == torch.float64


def test_only_the_heads_learn_ten_times_as_fast(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0)

    backbone, heads = task.parameter_groups(model, _PROTOCOL.plan)

    assert (backbone.lr_scale, heads.lr_scale) == (1.0, 10.0)
    assert {name.split(".")[0] for name in heads.names} == {"head", "auxiliary"}
    grouped = [*backbone.parameters, *heads.parameters]
    assert {id(p) for p in grouped} == {id(p) for p in model.parameters()}


def test_a_frozen_backbone_does_not_move_and_only_the_heads_are_trained(tmp_path: Path) -> None:
    write_ade20k(tmp_path)
    frozen = SegmentTask(_PROTOCOL.with_frozen_backbone(), tmp_path)
    backbone = TinyBackbone()
    backbone.is_loaded = True
    model = frozen.build(backbone, seed=0).train()

    (heads,) = frozen.parameter_groups(model, _PROTOCOL.plan)

    assert {name.split(".")[0] for name in heads.names} == {"head", "auxiliary"}
    assert not backbone.training and model.training
    assert not any(parameter.requires_grad for parameter in backbone.parameters())


def test_what_was_never_trained_is_not_frozen(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    with pytest.raises(
        ConfigError, match="expected a pretrained backbone, because all of it is frozen, found"
    ):
        SegmentTask(_PROTOCOL.with_frozen_backbone(), tmp_path).build(TinyBackbone(), seed=0)


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
    outcome = _measured(task, task.build(TinyBackbone(), seed=0), _batch(task, "score"))

    again = confusion_of(outcome.predictions, 4)
    assert outcome.scores["segment/miou"] == mean_iou(again)
    assert again.sum() == 2 * (40 * 32 - 1)
    assert masks_of(outcome.predictions)[1].shape == (32, 40)


def test_pictures_of_different_sizes_share_a_batch_without_meeting(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path, score=1)
    write_pair(folder, "validation", "wider", blocks((64, 32), 1))
    task = SegmentTask(_PROTOCOL, tmp_path)
    model = task.build(TinyBackbone(), seed=0)
    alone = [task.score_examples.collate([task.score_examples.example(i, None)]) for i in range(2)]

    together = _measured(task, model, _batch(task, "score"))

    assert len(_batch(task, "score").groups) == 2
    assert together.scores == _measured(task, model, *alone).scores


def test_a_perfect_network_scores_one(task: SegmentTask, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = _batch(task, "score")
    answer = batch.groups[0].labels_NHW.clamp(max=3)
    monkeypatch.setattr("transferbench.tasks.segment.task.single_scale", lambda *_: answer)

    outcome = _measured(task, task.build(TinyBackbone(), seed=0), batch)

    assert set(outcome.scores.values()) == {1.0}
    assert outcome.per_class["segment/miou"] == {"wall": 1.0, "sky": 1.0, "tree": 1.0, "door": 1.0}


def test_a_protocol_of_several_scales_is_scored_both_ways_under_two_names(tmp_path: Path) -> None:
    write_ade20k(tmp_path)
    both = SegmentTask(_with(multi_scale=MultiScale(base_size=40, scales=(0.5, 2.0))), tmp_path)
    model = both.build(TinyBackbone(), seed=0)

    outcome = _measured(both, model, _batch(both, "score"))

    several = confusion_of(outcome.predictions, 4, MULTI)
    assert outcome.scores["segment/ms_miou"] == mean_iou(several)
    assert outcome.scores["segment/miou"] == mean_iou(confusion_of(outcome.predictions, 4))
    assert several.sum() == 2 * (40 * 32 - 1)
    assert set(outcome.per_class) == {
        *("segment/miou", "segment/mean_acc", "segment/ms_miou", "segment/ms_mean_acc", "segment/pixels")
    }


def test_predictions_of_other_pictures_are_refused(task: SegmentTask, tmp_path: Path) -> None:
    outcome = _measured(task, task.build(TinyBackbone(), seed=0), _batch(task, "score"))
    shutil.copytree(tmp_path / "ADEChallengeData2016", tmp_path / "other")
    for path in (tmp_path / "other").rglob("validation_0.*"):
        path.rename(path.with_stem("validation_x"))

    with pytest.raises(DataError, match="expected the pictures that the predictions are of, in their order"):
        SegmentTask(_PROTOCOL, tmp_path / "other").outcome([outcome.predictions])


def test_memory_holds_no_logits_however_many_pictures(task: SegmentTask) -> None:
    model, batch = task.build(TinyBackbone(), seed=0), _batch(task, "score")

    def peak(pictures: int) -> int:
        tracemalloc.start()
        task.measure(model, (batch for _ in range(pictures // 2)), lambda done: None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(200) - peak(100) < 100 * 4096


def test_decoded_pictures_and_labels_stay_in_memory_if_asked(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    kept = SegmentTask(_PROTOCOL, tmp_path, cache=Cache("ram"))
    first = [_example(kept, index) for index in range(4)]

    shutil.rmtree(folder / "images" / "training")
    shutil.rmtree(folder / "annotations" / "training")

    again = [_example(kept, index) for index in range(4)]
    assert all(
        (a == b).all()
        for ours, theirs in zip(first, again, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def _example(task: SegmentTask, index: int) -> tuple[np.ndarray, np.ndarray]:
    return task.fit_examples.example(index, np.random.default_rng(index))


def test_what_is_scored_alone_needs_no_training_split(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    shutil.rmtree(folder / "images" / "training")

    task = SegmentTask(_PROTOCOL, tmp_path, is_scored_only=True)

    assert task.data.pictures == {"train": 0, "score": 2}


def test_the_number_of_pictures_done_is_reported(task: SegmentTask) -> None:
    seen: list[int] = []

    task.measure(task.build(TinyBackbone(), seed=0), [_batch(task, "score")] * 2, seen.append)

    assert seen == [2, 4]


def test_drawings_show_truth_and_prediction(task: SegmentTask, tmp_path: Path) -> None:
    outcome = _measured(task, task.build(TinyBackbone(), seed=0), _batch(task, "score"))
    folder = tmp_path / "drawn"
    folder.mkdir()

    task.draw(outcome, folder, 5)

    names = sorted(path.name for path in folder.iterdir())
    kinds = ("best", "median", "predicted", "truth", "worst")
    assert names == sorted(["classes.png", *(f"{kind}_{place}.png" for kind in kinds for place in (0, 1))])
    assert read_size(folder / "truth_0.png") == (320, 256)


def test_ignored_pixels_are_drawn_grey(task: SegmentTask, tmp_path: Path) -> None:
    outcome = _measured(task, task.build(TinyBackbone(), seed=0), _batch(task, "score"))

    task.draw(outcome, tmp_path, 1)

    assert read_rgb(tmp_path / "truth_0.png")[0, 0].tolist() == [128, 128, 128]


def test_a_mask_that_changes_under_way_is_refused_when_it_is_read(task: SegmentTask, tmp_path: Path) -> None:
    mask = tmp_path / "ADEChallengeData2016" / "annotations" / "training" / "training_0.png"
    Image.fromarray(blocks((20, 16), 0)).save(mask)

    with pytest.raises(DataError, match="expected the size of its picture, 40x32, found 20x16"):
        task.fit_examples.example(0, None)


def test_a_few_steps_lower_the_loss(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0).train()
    groups = task.parameter_groups(model, _PROTOCOL.plan)
    optimizer = _PROTOCOL.plan.optimizer.over(groups, 0.05)
    batch, losses = _batch(task), []

    for _ in range(20):
        losses.append(task.loss(model, batch, Random(0)))
        optimizer.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    assert losses[-1].item() < 0.7 * losses[0].item()
