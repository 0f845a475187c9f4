import math

import numpy as np
import pytest

from transferbench.benchmarks.scoring import bench_eval
from transferbench.benchmarks.setting import setting_of
from transferbench.benchmarks.voc_loop import loop_ap, scene
from transferbench.tasks.detect.metric.voc import voc_curves


def test_scoring_is_compared_with_the_transforms_of_the_reference() -> None:
    setting = setting_of(device="cpu", arch="mini_d", side=32, batch_size=4)

    content = bench_eval(setting, None, pictures=2, rounds=1, scored_pictures=20).content()

    assert set(content["ratios"]) == {"eval_plain", "voc_ap", "voc_resampled"}
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in content["ratios"].values())


@pytest.mark.parametrize("seed", range(3))
def test_the_loop_gives_the_precision_that_ours_gives(seed: int) -> None:
    truth, found, classes = scene(seed, pictures=100)

    ours, theirs = voc_curves(truth, found, classes), loop_ap(truth, found, classes)

    assert [curve.ap(11) for curve in ours] == pytest.approx(theirs["07"], abs=1e-12)
    assert [curve.ap() for curve in ours] == pytest.approx(theirs["area"], abs=1e-12)
    assert 0.1 < np.mean(np.array(theirs["area"], float)) < 0.9


def test_the_scene_is_as_large_as_voc_2007_with_a_hundred_detections_a_picture() -> None:
    truth, found, classes = scene()

    assert (len(found.score_D), len(np.unique(found.picture_D)), classes) == (495_200, 4952, 20)
    assert 0 < truth.is_difficult_T.mean() < 0.5
    assert len(np.unique(found.score_D)) < len(found.score_D)
