from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.detect.metric.boxes import CLASSES, PICTURES, found_of, none_found, random_case, truth_of
from transferbench.benchmarks.voc_loop import drawn, scene
from transferbench.tasks.detect.metric.resample import detect_resampler
from transferbench.tasks.detect.metric.score import score_detections
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.settings import Overlap

NAMES = ("detect/map_voc07", "detect/map_area", "detect/coco_ap", "detect/coco_ap50")
OVERLAPS: tuple[Overlap, ...] = ("devkit", "no-plus-one")


def resampled(
    truth: Truth, found: Found, weights: list[list[int]], overlap: Overlap = "devkit"
) -> dict[str, np.ndarray]:
    """Returns the scores of resamples, each given as how often every picture is drawn."""
    pictures = len(weights[0])
    scores = detect_resampler(truth, found, pictures=pictures, classes=CLASSES, overlap=overlap)
    return scores(np.array(weights, float).T)


def ordinary(truth: Truth, found: Found, pictures: int, overlap: Overlap = "devkit") -> dict[str, float]:
    classes = [str(label) for label in range(CLASSES)]
    worth = score_detections(truth, found, pictures=pictures, classes=classes, overlap=overlap)
    return {name: worth.scores[name] for name in NAMES}


@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize("seed", range(5))
def test_every_picture_drawn_once_gives_the_scores_of_the_split(seed: int, overlap: Overlap) -> None:
    truth, found = random_case(seed)

    ours = resampled(truth, found, [[1] * PICTURES], overlap)

    expected = ordinary(truth, found, PICTURES, overlap)
    assert {name: float(values[0]) for name, values in ours.items()} == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_drawn_pictures_are_worth_what_copies_of_them_are(seed: int, has_ties: bool) -> None:
    truth, found = random_case(seed, has_ties=has_ties)
    if has_ties:
        found = apart_within_pictures(found)
    weights = np.random.default_rng(seed).multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES)).tolist()

    ours = resampled(truth, found, [weights])

    expected = ordinary(*drawn(truth, found, np.array(weights)), sum(weights))
    assert {name: float(values[0]) for name, values in ours.items()} == pytest.approx(expected, abs=1e-12)


def apart_within_pictures(found: Found) -> Found:
    """Returns detections in the order of their pictures, scores equal between pictures alone."""
    ordered = found.where(np.argsort(found.picture_D, kind="stable"))
    rank_D = np.arange(len(ordered.picture_D)) - np.searchsorted(ordered.picture_D, ordered.picture_D)
    return Found(ordered.picture_D, ordered.boxes_D4, ordered.label_D, 1 - rank_D / 1000)


def test_a_picture_drawn_twice_is_there_twice() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (1, 1, 0, 0, 10, 10, 0), (2, 2, 0, 0, 10, 10, 0)])
    found = found_of([(2, 0, 0, 0, 9, 9, 0.5), (0, 2, 0, 0, 9, 9, 0.4), (1, 1, 0, 0, 9, 9, 0.3)])

    objects, detections = drawn(truth, found, np.array([2, 0, 1]))

    assert list(zip(objects.picture_T, objects.label_T, strict=True)) == [(0, 0), (1, 0), (2, 2)]
    assert list(zip(detections.picture_D, detections.score_D, strict=True)) == [(2, 0.5), (0, 0.4), (1, 0.4)]


def test_a_resample_does_not_depend_on_its_neighbours() -> None:
    truth, found = random_case(1)
    weights = np.random.default_rng(0).integers(0, 3, (6, PICTURES)).tolist()

    together = resampled(truth, found, weights)

    for place, one in enumerate(weights):
        alone = {name: values[0] for name, values in resampled(truth, found, [one]).items()}
        assert {name: values[place] for name, values in together.items()} == pytest.approx(alone, abs=1e-12)


def test_of_two_objects_that_fit_alike_coco_gives_a_detection_the_last() -> None:
    truth = truth_of([(0, 0, 3, 0, 13, 10, 0), (0, 0, 7, 0, 17, 10, 0)])
    found = found_of([(0, 0, 5, 0, 15, 10, 0.9), (0, 0, 2, 0, 12, 10, 0.8)])

    ours = resampled(truth, found, [[1]])

    assert ours["detect/coco_ap50"][0] == ordinary(truth, found, 1)["detect/coco_ap50"] == 1.0
    assert ours["detect/map_area"][0] == ordinary(truth, found, 1)["detect/map_area"] == 0.5


def test_a_class_whose_objects_were_not_drawn_is_left_out_of_the_mean() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (1, 1, 0, 0, 10, 10, 0)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9)])

    ours = resampled(truth, found, [[1, 1], [2, 0], [0, 2]])

    assert ours["detect/map_area"].tolist() == [0.5, 1.0, 0.0]


def test_a_resample_of_difficult_objects_alone_has_no_score() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (1, 0, 0, 0, 10, 10, 1)])
    found = found_of([(1, 0, 0, 0, 10, 10, 0.9)])

    ours = resampled(truth, found, [[0, 2], [1, 1]])

    np.testing.assert_array_equal(ours["detect/map_voc07"], [np.nan, 0.0])


def test_without_detections_every_resample_scores_nothing() -> None:
    truth, _ = random_case(0)

    ours = resampled(truth, none_found(), [[1] * PICTURES, [2] * PICTURES])

    assert {name: values.tolist() for name, values in ours.items()} == {name: [0.0, 0.0] for name in NAMES}


def test_the_spread_is_that_of_splits_of_other_pictures() -> None:
    pictures = 200
    means = {True: [], False: []}  # type: dict[bool, list[float]]
    for seed in range(40):
        truth, found, classes = scene(seed, pictures=pictures)
        scores = detect_resampler(truth, found, pictures=pictures, classes=classes, overlap="devkit")
        weights = np.random.default_rng(seed).multinomial(pictures, np.full(pictures, 1 / pictures), 100)
        means[True].append(float(scores(np.ones((pictures, 1)))["detect/map_area"][0]))
        means[False].append(float(np.std(scores(weights.T.astype(float))["detect/map_area"])))

    assert np.mean(means[False]) == pytest.approx(np.std(means[True]), rel=0.25)


@pytest.mark.slow
def test_a_thousand_resamples_of_voc_take_under_thirty_seconds() -> None:
    from time import process_time

    truth, found, classes = scene()
    weights = np.random.default_rng(0).multinomial(4952, np.full(4952, 1 / 4952), 1000)
    began = process_time()

    scores = detect_resampler(truth, found, pictures=4952, classes=classes, overlap="devkit")
    for start in range(0, 1000, 100):
        scores(np.ascontiguousarray(weights[start : start + 100].T, float))

    assert process_time() - began < 30
