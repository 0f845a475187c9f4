from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from transferbench.benchmarks.counting import _ours, _theirs, counting, drawn_labels
from transferbench.benchmarks.pairs import CLASSES

CPU = torch.device("cpu")


def test_drawn_pictures_have_ignored_pixels_and_predictions_that_are_mostly_right() -> None:
    ((truth_HW, predicted_HW),) = drawn_labels(1, CPU)

    assert truth_HW.shape == predicted_HW.shape == (512, 683)
    assert (truth_HW == 255).float().mean().item() == pytest.approx(40 / 512)
    assert 0.5 < (truth_HW == predicted_HW)[40:].float().mean() < 0.99


@pytest.mark.slow
def test_both_count_the_same() -> None:
    from torchmetrics.classification import MulticlassJaccardIndex

    labelled = drawn_labels(3, CPU)

    ours, theirs = _ours(labelled)(), _theirs(MulticlassJaccardIndex, labelled, True)()

    assert isinstance(ours, np.ndarray) and isinstance(theirs, torch.Tensor)
    assert np.array_equal(ours[:, :CLASSES], theirs.numpy())
    assert ours.sum() == 3 * (512 - 40) * 683


@pytest.mark.slow
def test_the_confusion_is_counted_at_least_three_times_as_fast() -> None:
    found = counting(CPU, pictures=20, rounds=5)

    assert [each.name for each in found] == ["confusion", "confusion_checked"]
    assert all(each.ratio > 3 for each in found)


def test_torchmetrics_is_there_for_the_tests() -> None:
    assert find_spec("torchmetrics") is not None
