from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k, write_pair
from tests.tasks.segment.tiny import PROTOCOL, TinyBackbone, batch_of
from transferbench.errors import ConfigError, DataError
from transferbench.tasks.base import Cache, Task
from transferbench.tasks.segment.model.loss import pixel_loss
from transferbench.tasks.segment.task import SegmentTask


def test_the_card_says_what_was_read(task: SegmentTask) -> None:
    as_task: Task = task

    assert as_task.data.pictures == {"train": 4, "score": 2}
    assert as_task.data.classes == ("wall", "sky", "tree", "door")


def test_the_fingerprint_changes_with_a_mask(task: SegmentTask, tmp_path: Path) -> None:
    write_pair(tmp_path / "ADEChallengeData2016", "training", "training_0", blocks((64, 64), 3))

    assert SegmentTask(PROTOCOL, tmp_path).data.fingerprint != task.data.fingerprint


def test_the_loss_is_the_head_s_and_the_auxiliary_head_s_share(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0).double().train()
    batch = batch_of(task)

    loss = task.loss(model, batch, Random(0))

    logits, auxiliary = model(batch.groups[0].images_N3HW.double() / 255)
    labels = batch.groups[0].labels_NHW
    torch.testing.assert_close(loss, pixel_loss(logits, labels) + 0.4 * pixel_loss(auxiliary, labels))
    assert loss.dtype == torch.float64


def test_only_the_heads_learn_ten_times_as_fast(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0)

    backbone, heads = task.parameter_groups(model, PROTOCOL.plan)

    assert (backbone.lr_scale, heads.lr_scale) == (1.0, 10.0)
    assert {name.split(".")[0] for name in heads.names} == {"head", "auxiliary"}
    grouped = [*backbone.parameters, *heads.parameters]
    assert {id(p) for p in grouped} == {id(p) for p in model.parameters()}


def test_a_frozen_backbone_does_not_move_and_only_the_heads_are_trained(tmp_path: Path) -> None:
    write_ade20k(tmp_path)
    frozen = SegmentTask(PROTOCOL.with_frozen_backbone(), tmp_path)
    backbone = TinyBackbone()
    backbone.is_loaded = True
    model = frozen.build(backbone, seed=0).train()

    (heads,) = frozen.parameter_groups(model, PROTOCOL.plan)

    assert {name.split(".")[0] for name in heads.names} == {"head", "auxiliary"}
    assert not backbone.training and model.training
    assert not any(parameter.requires_grad for parameter in backbone.parameters())


def test_what_was_never_trained_is_not_frozen(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    with pytest.raises(
        ConfigError, match="expected a pretrained backbone, because all of it is frozen, found"
    ):
        SegmentTask(PROTOCOL.with_frozen_backbone(), tmp_path).build(TinyBackbone(), seed=0)


def test_decoded_pictures_and_labels_stay_in_memory_if_asked(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    kept = SegmentTask(PROTOCOL, tmp_path, cache=Cache("ram"))
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

    task = SegmentTask(PROTOCOL, tmp_path, is_scored_only=True)

    assert task.data.pictures == {"train": 0, "score": 2}


def test_a_mask_that_changes_under_way_is_refused_when_it_is_read(task: SegmentTask, tmp_path: Path) -> None:
    mask = tmp_path / "ADEChallengeData2016" / "annotations" / "training" / "training_0.png"
    Image.fromarray(blocks((20, 16), 0)).save(mask)

    with pytest.raises(DataError, match="expected the size of its picture, 40x32, found 20x16"):
        task.fit_examples.example(0, None)


def test_a_few_steps_lower_the_loss(task: SegmentTask) -> None:
    model = task.build(TinyBackbone(), seed=0).train()
    groups = task.parameter_groups(model, PROTOCOL.plan)
    optimizer = PROTOCOL.plan.optimizer.over(groups, 0.05)
    batch, losses = batch_of(task), []

    for _ in range(20):
        losses.append(task.loss(model, batch, Random(0)))
        optimizer.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    assert losses[-1].item() < 0.7 * losses[0].item()


def test_the_loss_may_be_taken_at_every_second_pixel_alone(tmp_path: Path) -> None:
    write_ade20k(tmp_path)
    sparse = PROTOCOL.head.model_copy(update={"loss_every": 2, "auxiliary_weight": 0.0})
    task = SegmentTask(PROTOCOL.model_copy(update={"head": sparse}), tmp_path)
    model = task.build(TinyBackbone(), seed=0).double().eval()
    batch = batch_of(task)

    loss = task.loss(model, batch, Random(0))

    logits, _ = model(batch.groups[0].images_N3HW.double() / 255)
    torch.testing.assert_close(loss, pixel_loss(logits, batch.groups[0].labels_NHW, every=2))
