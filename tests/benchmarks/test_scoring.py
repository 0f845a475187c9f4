import math

import numpy as np
import pytest

from transferbench.benchmarks.scoring import bench_eval
from transferbench.benchmarks.setting import setting_of
from transferbench.benchmarks.voc_loop import loop_ap, scene
from transferbench.tasks.detect.metric.voc import voc_ap


def test_scoring_is_compared_with_the_transforms_of_the_reference() -> None:
    setting = setting_of(device="cpu", arch="mini_d", side=32, batch_size=4)

    content = bench_eval(setting, None, pictures=2, rounds=1).content()

    assert set(content["ratios"]) == {"eval_plain", "voc_ap"}
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in content["ratios"].values())


@pytest.mark.parametrize("seed", range(3))
def test_the_loop_gives_the_precision_that_ours_gives(seed: int) -> None:
    truth, found, classes = scene(seed)

    ours, theirs = voc_ap(truth, found, classes), loop_ap(truth, found, classes)

    np.testing.assert_allclose(np.array(ours, float), np.array(theirs, float), atol=1e-12)
    assert 0.1 < np.mean(np.array(ours, float)) < 0.9
