"""Scores of whole splits against a loop over pixels and against torchmetrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from transferbench.tasks.base import Outcome
from transferbench.tasks.segment.metric.scores import scored
from transferbench.tasks.segment.metric.tally import SINGLE, Tally, confusion_of
from transferbench.tasks.segment.sources.masks import IGNORED

EXACT = 1e-9
SIZES = ((37, 53), (64, 48), (5, 90))
Split = list[tuple[Tensor, Tensor]]


def split(classes: int, seed: int = 0) -> Split:
    """Returns truth and prediction of three pictures; every class occurs, a tenth of pixels is ignored."""
    rng = torch.Generator().manual_seed(seed)
    found = []
    for size in SIZES:
        truth_HW = torch.randint(classes, size, generator=rng, dtype=torch.uint8)
        guess_HW = torch.randint(classes, size, generator=rng, dtype=torch.uint8)
        is_right_HW = torch.rand(size, generator=rng) < 0.7
        is_ignored_HW = torch.rand(size, generator=rng) < 0.1
        found.append((truth_HW.where(~is_ignored_HW, IGNORED), truth_HW.where(is_right_HW, guess_HW)))
    return found


def ours(pictures: Split, classes: int) -> Outcome:
    """Returns the scores from what is saved of each picture."""
    tally = Tally(classes)
    for truth_HW, predicted_HW in pictures:
        tally.add(SINGLE, truth_HW, predicted_HW)
    confusion_KK1 = confusion_of(tally.sparse(), classes)
    assert np.array_equal(confusion_KK1, tally.confusion(SINGLE))
    return scored(confusion_KK1, [str(label) for label in range(classes)])


def slow_counts(pictures: Split, classes: int) -> dict[str, list[int]]:
    """Returns, by a loop over pixels, those of each class: right ones, of the truth and predicted."""
    counts = {name: [0] * classes for name in ("right", "truth", "predicted")}
    for truth_HW, predicted_HW in pictures:
        for truth, predicted in zip(
            truth_HW.flatten().tolist(), predicted_HW.flatten().tolist(), strict=True
        ):
            if truth != IGNORED:
                counts["truth"][truth] += 1
                counts["predicted"][predicted] += 1
                counts["right"][truth] += truth == predicted
    return counts


def slow_scores(counts: dict[str, list[int]]) -> tuple[dict[str, float], list[float]]:
    """Returns the four scores and the IoU of each class."""
    right, truth, predicted = counts["right"], counts["truth"], counts["predicted"]
    ious = [r / (t + p - r) for r, t, p in zip(right, truth, predicted, strict=True)]
    accuracies = [r / t for r, t in zip(right, truth, strict=True)]
    scores = {
        "segment/pix_acc": sum(right) / sum(truth),
        "segment/mean_acc": sum(accuracies) / len(accuracies),
        "segment/miou": sum(ious) / len(ious),
        "segment/fw_iou": sum(t * iou for t, iou in zip(truth, ious, strict=True)) / sum(truth),
    }
    return scores, ious


@pytest.fixture
def torchmetrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Gives torchmetrics' classification, made to divide in double precision: it casts to single."""
    from torchmetrics import classification

    monkeypatch.setattr(Tensor, "float", Tensor.double)
    yield classification


def theirs(make: Callable[..., Any], pictures: Split, classes: int, average: str) -> Tensor:
    """Returns one score of torchmetrics over all pictures."""
    metric = make(num_classes=classes, average=average, ignore_index=IGNORED)
    for truth_HW, predicted_HW in pictures:
        metric.update(predicted_HW[None].long(), truth_HW[None].long())
    score: Tensor = metric.compute()
    assert score.dtype == torch.float64
    return score


@pytest.mark.parametrize("classes", [2, 21, 150])
def test_scores_are_those_of_a_loop_over_pixels(classes: int) -> None:
    pictures = split(classes, seed=classes)

    outcome = ours(pictures, classes)

    scores, ious = slow_scores(slow_counts(pictures, classes))
    assert outcome.scores == pytest.approx(scores, abs=EXACT)
    assert list(outcome.per_class["segment/miou"].values()) == pytest.approx(ious, abs=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 21, 150])
def test_scores_are_those_of_torchmetrics(classes: int, torchmetrics: Any) -> None:
    pictures = split(classes, seed=classes)
    jaccard, accuracy = torchmetrics.MulticlassJaccardIndex, torchmetrics.MulticlassAccuracy

    outcome = ours(pictures, classes)

    expected = {
        "segment/pix_acc": theirs(accuracy, pictures, classes, "micro").item(),
        "segment/mean_acc": theirs(accuracy, pictures, classes, "macro").item(),
        "segment/miou": theirs(jaccard, pictures, classes, "macro").item(),
        "segment/fw_iou": theirs(jaccard, pictures, classes, "weighted").item(),
    }
    assert outcome.scores == pytest.approx(expected, abs=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 21, 150])
def test_the_iou_and_the_accuracy_of_each_class_are_those_of_torchmetrics(
    classes: int, torchmetrics: Any
) -> None:
    pictures = split(classes, seed=classes)

    outcome = ours(pictures, classes)

    for name, make in (
        ("segment/miou", torchmetrics.MulticlassJaccardIndex),
        ("segment/mean_acc", torchmetrics.MulticlassAccuracy),
    ):
        expected = theirs(make, pictures, classes, "none").tolist()
        assert list(outcome.per_class[name].values()) == pytest.approx(expected, abs=EXACT)
