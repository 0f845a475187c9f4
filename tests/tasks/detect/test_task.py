"""The task from a folder to scores and pictures."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.fabricate.voc import write_voc
from tests.tasks.detect.tiny import C4_HEAD, TinyBackbone, protocol
from transferbench.errors import DataError
from transferbench.tasks.base import Cache, Outcome, Task
from transferbench.tasks.detect.examples import DetectBatch
from transferbench.tasks.detect.model.align import RoiAlign
from transferbench.tasks.detect.model.anchors import cell_anchors
from transferbench.tasks.detect.settings import AnchorForm
from transferbench.tasks.detect.task import DetectTask

RULES = ("detect/coco_ap", "detect/coco_ap50", "detect/coco_ap75", "detect/map_area", "detect/map_voc07")
LOST = ("detect/lost_background", "detect/lost_classification", "detect/lost_missed")


def batch_of(task: DetectTask) -> DetectBatch:
    """Returns the whole training split, not augmented."""
    examples = task.fit_examples
    return examples.collate([examples.example(index, None) for index in range(len(examples))])


def measure(task: DetectTask, model: nn.Module) -> Outcome:
    examples = task.score_examples
    batches = [examples.collate([examples.example(index, None)]) for index in range(len(examples))]
    return task.outcome([task.measure(model, batches, lambda done: None)])


def perfect(task: DetectTask) -> dict[str, np.ndarray]:
    """Returns predictions that are the truth."""
    truth = task.score_examples.truth()
    return {
        "picture": truth.picture_T,
        "boxes": truth.boxes_T4,
        "label": truth.label_T,
        "score": np.linspace(0.9, 0.6, len(truth.label_T)),
        "pictures": np.array([len(task.score_examples)]),
    }


def test_the_task_is_one(tmp_path: Path) -> None:
    task: Task = DetectTask(protocol(), write_voc(tmp_path))

    assert task.name == "detect"


def test_only_what_is_trained_is_given_to_the_optimizer(tmp_path: Path) -> None:
    task = DetectTask(protocol(frozen_stages=1), write_voc(tmp_path))
    model = task.build(TinyBackbone(is_used=True), 0)

    (group,) = task.parameter_groups(model, task.protocol.plan)

    assert all(parameter.requires_grad for parameter in group.parameters)
    assert len(group.names) == len(group.parameters)
    assert not any(name.startswith("backbone.first") for name in group.names)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_loss_is_one_number_in_the_model_s_own_precision(tmp_path: Path, dtype: torch.dtype) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    model = task.build(TinyBackbone().to(dtype), 0).train()

    loss = task.loss(model, batch_of(task), Random(0))

    assert (loss.shape, loss.dtype) == ((), dtype)
    assert loss.isfinite()


def test_the_loss_falls_on_pictures_seen_again_and_again(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    model = task.build(TinyBackbone(), 0).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    batch, losses = batch_of(task), []

    torch.manual_seed(0)
    for _ in range(30):
        losses.append(task.loss(model, batch, Random(0)))
        optimizer.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    assert losses[-1] < 0.7 * losses[0]


def test_a_measured_model_is_scored_by_every_rule_for_every_class(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))

    outcome = measure(task, task.build(TinyBackbone(is_used=True), 0))

    assert set(RULES) | set(LOST) <= set(outcome.scores)
    assert set(RULES) <= set(outcome.per_class)
    assert all(0 <= value <= 1 for value in outcome.scores.values())
    assert all(list(by_class) == ["cat", "dog"] for by_class in outcome.per_class.values())


def test_saved_predictions_give_the_same_scores_again(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path / "data"))
    outcome = measure(task, task.build(TinyBackbone(is_used=True), 0))

    np.savez(tmp_path / "predictions.npz", allow_pickle=False, **outcome.predictions)
    with np.load(tmp_path / "predictions.npz", allow_pickle=False) as saved:
        again = task.outcome([dict(saved)])

    assert again.scores == outcome.scores


def test_predictions_that_are_the_truth_score_one_by_every_rule(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))

    outcome = task.outcome([perfect(task)])

    assert [outcome.scores[name] for name in RULES] == pytest.approx([1.0] * len(RULES))
    assert [outcome.scores[name] for name in LOST] == pytest.approx([0.0] * len(LOST))


def test_labels_off_by_one_score_zero(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    predictions = perfect(task)

    outcome = task.outcome([predictions | {"label": 1 - predictions["label"]}])

    assert [outcome.scores[name] for name in RULES] == [0.0] * len(RULES)
    assert outcome.scores["detect/lost_classification"] > 0.9


def test_a_model_that_finds_nothing_scores_zero_and_is_drawn(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path / "data"))
    model = task.build(TinyBackbone(is_used=True), 0)
    nn.init.constant_(model.get_parameter("predictor.inner.cls_score.bias")[:1], 50.0)

    outcome = measure(task, model)
    task.draw(outcome, tmp_path, 2)

    assert [outcome.scores[name] for name in RULES] == [0.0] * len(RULES)
    assert (tmp_path / "predicted_1.png").exists()


def test_pictures_are_drawn_large_enough_to_be_read(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path / "data"))

    task.draw(task.outcome([perfect(task)]), tmp_path, 3)

    names = {f"{kind}_{index}.png" for kind in ("truth", "predicted") for index in range(3)}
    best = {f"best_{index}.png" for index in range(3)}
    assert {path.name for path in tmp_path.glob("*.png")} == names | best | {"curves.png"}
    with Image.open(tmp_path / "truth_0.png") as drawn:
        assert drawn.size == (48 * 12, 32 * 12)


def test_classes_from_the_data_do_not_depend_on_the_limit(tmp_path: Path) -> None:
    root = write_voc(tmp_path)

    assert DetectTask(protocol(), root, limit=2).data.classes == DetectTask(protocol(), root).data.classes


def test_a_picture_is_scored_the_same_whatever_stands_beside_it(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    model = task.build(TinyBackbone(is_used=True), 0)
    examples = task.score_examples
    taller = DetectBatch([torch.full((40, 30, 3), 200, dtype=torch.uint8)], [])
    alone = [examples.collate([examples.example(index, None)]) for index in range(len(examples))]
    together = [DetectBatch([image for batch in (*alone, taller) for image in batch.images], [])]

    apart = task.measure(model, [*alone, taller], lambda done: None)
    beside = task.measure(model, together, lambda done: None)

    np.testing.assert_allclose(beside["score"], apart["score"], atol=1e-5)


def test_stretches_of_a_split_are_worth_what_the_whole_is(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    model = task.build(TinyBackbone(is_used=True), 0)
    examples = task.score_examples
    each = [examples.collate([examples.example(index, None)]) for index in range(len(examples))]
    whole = task.measure(model, each, lambda done: None)

    parts = [task.measure(model, some, lambda done: None) for some in (each[:1], [], each[1:])]

    joined = task.outcome(parts)
    assert joined.scores == task.outcome([whole]).scores
    assert all((joined.predictions[name] == whole[name]).all() for name in whole)


def test_predictions_of_other_pictures_are_refused(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))
    saved = task.outcome([perfect(task)]).predictions
    names = saved["picture_names"][::-1]

    with pytest.raises(DataError, match="expected the pictures that the predictions are of, in their order"):
        task.outcome([{**saved, "picture_names": names}])


def test_the_model_is_told_what_to_mirror_and_to_which_size(tmp_path: Path) -> None:
    task = DetectTask(protocol(flip=1.0, train_short_sides=(24, 40)), write_voc(tmp_path))
    examples, rng = task.fit_examples, np.random.default_rng(0)
    batch = examples.collate([examples.example(index, rng) for index in range(2)])
    told: dict[str, object] = {}

    class Spy(nn.Module):
        def forward(self, images: object, truth: object, **settings: object) -> dict[str, torch.Tensor]:
            told.update(settings)
            return {"loss": torch.zeros(())}

    task.loss(Spy(), batch, Random(0))

    assert told == {"is_flipped": (True, True), "short_sides": batch.short_sides}
    assert batch.short_sides is not None and set(batch.short_sides) <= {24, 40}


def test_the_protocol_says_how_overlap_is_measured(tmp_path: Path) -> None:
    root = write_voc(tmp_path)
    plain, shorter = (DetectTask(protocol(overlap=form), root) for form in ("devkit", "no-plus-one"))
    found = perfect(plain)
    # Half as wide, so that the overlap is one half by the first way and less by the second.
    boxes_D4 = found["boxes"].copy()
    boxes_D4[:, 2] = (boxes_D4[:, 0] + boxes_D4[:, 2]) / 2

    scores = [
        task.outcome([{**found, "boxes": boxes_D4}]).scores["detect/map_area"] for task in (plain, shorter)
    ]

    assert scores == [1.0, 0.0]


@pytest.mark.parametrize("form", ["torchvision", "released", "detectron2"])
def test_the_protocol_s_anchors_and_alignment_are_the_network_s(tmp_path: Path, form: AnchorForm) -> None:
    head = C4_HEAD.model_copy(
        update={"anchor_form": form, "roi": C4_HEAD.roi.model_copy(update={"aligned": True, "samples": 3})}
    )
    task = DetectTask(protocol(head=head), write_voc(tmp_path))

    model = task.build(TinyBackbone(), 0)

    cells_A4 = cell_anchors(form, head.anchor_sizes, head.anchor_ratios, 16)
    torch.testing.assert_close(model.get_buffer("rpn.cells_0"), cells_A4.float())
    pool = model.get_submodule("pool")
    assert isinstance(pool, RoiAlign) and pool.is_aligned
    assert (pool.samples, pool.bins) == (3, 4)


def test_decoded_pictures_stay_in_memory_where_that_is_asked_for(tmp_path: Path) -> None:
    root = write_voc(tmp_path)

    on, off = (DetectTask(protocol(), root, cache=Cache(mode)) for mode in ("ram", "off"))

    rng = np.random.default_rng
    (first, again), (anew, other) = (
        [task.fit_examples.example(0, rng(0)).rgb_HW3 for _ in range(2)] for task in (on, off)
    )
    assert np.shares_memory(first, again) and not np.shares_memory(anew, other)
