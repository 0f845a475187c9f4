from __future__ import annotations

import numpy as np
import pytest
import torch

from transferbench.tasks.segment.metric.resample import PictureCounts, segment_resampler
from transferbench.tasks.segment.metric.scores import scored
from transferbench.tasks.segment.metric.tally import MULTI, SINGLE, Tally, confusion_of

PICTURES, CLASSES = 6, 4


def tallied(seed: int) -> dict[str, np.ndarray]:
    """Returns what was counted of six pictures by both ways, with ignored pixels and predictions of none."""
    rng = np.random.default_rng(seed)
    tally = Tally(CLASSES)
    for way in (SINGLE, MULTI):
        for picture in range(PICTURES):
            # The last class is in the last picture alone, and no pixel of the fifth has a label.
            truth = rng.integers(0, CLASSES - 1 if picture < PICTURES - 1 else CLASSES, (8, 8))
            truth[0] = truth[0] if picture != PICTURES - 2 else 255
            truth[1:] = 255 if picture == PICTURES - 2 else truth[1:]
            predicted = np.where(rng.random((8, 8)) < 0.5, truth, rng.choice([0, 1, 2, 3, 255], (8, 8)))
            tally.add(way, *(torch.from_numpy(each.astype(np.uint8)) for each in (truth, predicted)))
    return tally.sparse()


def counts_of(sparse: dict[str, np.ndarray], way: int = SINGLE) -> PictureCounts:
    return PictureCounts.of(sparse, PICTURES, CLASSES, way)


def copied(sparse: dict[str, np.ndarray], weights: list[int]) -> dict[str, np.ndarray]:
    """Returns the counts of a split that has every picture as often as its weight says."""
    rows = np.repeat(np.arange(len(sparse["picture"])), np.array(weights)[sparse["picture"]])
    return {name: values[rows] for name, values in sparse.items()}


@pytest.mark.parametrize("way", [SINGLE, MULTI])
def test_every_picture_drawn_once_gives_the_scores_of_the_split(way: int) -> None:
    sparse = tallied(0)
    expected = scored(confusion_of(sparse, CLASSES, way), "abcd", prefix="x/").scores

    ours = segment_resampler({"x/": counts_of(sparse, way)})(np.ones((PICTURES, 1)))

    assert {name: float(values[0]) for name, values in ours.items()} == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_drawn_pictures_are_worth_what_copies_of_them_are(seed: int) -> None:
    sparse = tallied(seed)
    weights = np.random.default_rng(seed).multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES)).tolist()
    expected = scored(confusion_of(copied(sparse, weights), CLASSES), "abcd").scores

    ours = segment_resampler({"segment/": counts_of(sparse)})(np.array([weights], float).T)

    assert {name: float(values[0]) for name, values in ours.items()} == pytest.approx(expected, abs=1e-12)


def test_two_pictures_by_hand() -> None:
    counts = PictureCounts(
        right_NK=np.array([[3.0, 0.0], [1.0, 2.0]]),
        truth_NK=np.array([[4.0, 0.0], [2.0, 2.0]]),
        predicted_NK=np.array([[3.0, 1.0], [1.0, 3.0]]),
    )

    ours = segment_resampler({"": counts})(np.array([[1.0, 2.0], [1.0, 0.0]]))

    # In the second resample class 1 has no truth: it is predicted, and left out of the means.
    assert ours["pix_acc"].tolist() == [6 / 8, 6 / 8]
    assert ours["miou"].tolist() == [(4 / 6 + 2 / 4) / 2, 6 / 8]
    assert ours["mean_acc"].tolist() == [(4 / 6 + 2 / 2) / 2, 6 / 8]


def test_a_resample_without_labelled_pixels_has_no_scores() -> None:
    weights = np.zeros((PICTURES, 1))
    weights[PICTURES - 2] = 3

    ours = segment_resampler({"segment/": counts_of(tallied(0))})(weights)

    assert np.isnan([values[0] for values in ours.values()]).all()


def test_each_picture_has_its_own_pixel_accuracy() -> None:
    sparse = tallied(3)

    accuracies = counts_of(sparse).accuracy_of_picture()

    own = {name: values[sparse["picture"] == 2] for name, values in sparse.items()}
    assert accuracies[2] == scored(confusion_of(own, CLASSES), "abcd").scores["segment/pix_acc"]
    assert np.isnan(accuracies).tolist() == [False] * 4 + [True, False]
