from __future__ import annotations

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
from transferbench.tasks.base import Outcome, Task
from transferbench.tasks.decode import read_rgb, read_size
from transferbench.tasks.segment.examples import SegmentBatch
from transferbench.tasks.segment.metric import confusion_of, mean_iou
from transferbench.tasks.segment.model import pixel_loss
from transferbench.tasks.segment.protocols import PROTOCOLS, Ade20kData, Augment, Head, SegmentProtocol
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
    assert outcome.predictions["mask_1"].shape == (32, 40)


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
    answers = iter([labels.clamp(max=3) for labels in batch.groups[0].labels_NHW])
    monkeypatch.setattr("transferbench.tasks.segment.task.likeliest", lambda logits, size: next(answers))

    outcome = _measured(task, task.build(TinyBackbone(), seed=0), batch)

    assert outcome.scores == {"segment/pix_acc": 1.0, "segment/miou": 1.0}
    assert outcome.per_class["segment/iou"] == {"wall": 1.0, "sky": 1.0, "tree": 1.0, "door": 1.0}


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
    assert names == ["predicted_0.png", "predicted_1.png", "truth_0.png", "truth_1.png"]
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


@pytest.mark.parametrize("key", PROTOCOLS)
def test_a_protocol_survives_being_written_and_read(key: str) -> None:
    protocol = PROTOCOLS[key]

    assert SegmentProtocol.model_validate_json(protocol.model_dump_json()) == protocol
    assert protocol.key == key


def test_a_scale_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the smaller factor first"):
        Augment(base_size=40, crop=32, scale=(2.0, 0.5))
