from __future__ import annotations

from collections.abc import Callable
from colorsys import hsv_to_rgb, rgb_to_hsv

import numpy as np
import pytest

from transferbench.tasks.segment.colours import distorted


class _Draws(np.random.Generator):
    """Gives whole numbers and real ones from two lists, and tells of what ranges they were asked."""

    def __init__(self, whole: list[int], real: list[float]) -> None:
        super().__init__(np.random.PCG64(0))
        self.whole, self.real = whole, real
        self.ranges: list[tuple[float, float]] = []

    def integers(self, low: int, high: int | None = None) -> int:  # type: ignore[override]
        self.ranges.append((0, low) if high is None else (low, high))
        return self.whole.pop(0)

    def uniform(self, low: float, high: float) -> float:  # type: ignore[override]
        self.ranges.append((low, high))
        return self.real.pop(0)


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)


def _hsv(
    picture_HW3: np.ndarray, change: Callable[[float, float, float], tuple[float, float, float]]
) -> np.ndarray:
    """Returns a picture each of whose colours is changed as hue, saturation and value in [0, 1]."""
    changed = [hsv_to_rgb(*change(*rgb_to_hsv(*(rgb / 255)))) for rgb in picture_HW3.reshape(-1, 3)]
    return np.array(changed).reshape(picture_HW3.shape) * 255


def _cut(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)


def test_nothing_drawn_is_nothing_changed() -> None:
    draws = _Draws([0, 0, 0, 0, 0], [])

    assert np.array_equal(distorted(_picture(), draws), _picture())
    assert draws.whole == []


def test_brightness_and_contrast_are_cut_off_one_after_the_other() -> None:
    draws = _Draws([1, 1, 1, 0, 0], [30.7, 0.6])

    found = distorted(_picture(), draws)

    brighter = _cut(_picture().astype(np.float32) + 30.7)
    assert np.array_equal(found, _cut(brighter.astype(np.float32) * 0.6))
    assert (-32, 32) in draws.ranges and (0.5, 1.5) in draws.ranges


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5])
def test_saturation_is_changed_and_cut_off(factor: float) -> None:
    found = distorted(_picture(), _Draws([0, 0, 1, 0, 0], [factor]))

    expected = _hsv(_picture(), lambda h, s, v: (h, min(1.0, s * factor), v))
    assert np.abs(found - expected).max() < 8
    assert np.abs(found - expected).mean() < 1.5


@pytest.mark.parametrize("units", [-18, 5, 17])
def test_hue_is_turned_by_two_degrees_a_unit(units: int) -> None:
    draws = _Draws([0, 0, 0, 1, units, 0], [])

    found = distorted(_picture(), draws)

    expected = _hsv(_picture(), lambda h, s, v: ((h + units / 180) % 1, s, v))
    assert np.abs(found - expected).max() < 12
    assert np.abs(found - expected).mean() < 2
    assert (-18, 18) in draws.ranges


def test_contrast_comes_last_where_it_does_not_come_first() -> None:
    found = distorted(_picture(), _Draws([0, 0, 1, 0, 1], [1.5, 0.5]))

    saturated = distorted(_picture(), _Draws([0, 0, 1, 0, 0], [1.5]))
    assert np.array_equal(found, _cut(saturated * 0.5))


def test_grey_has_no_hue_and_no_saturation() -> None:
    grey_HW3 = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)

    assert np.array_equal(distorted(grey_HW3, _Draws([0, 0, 1, 1, 9, 0], [1.5])), grey_HW3)


def test_each_change_is_made_to_half_of_the_pictures() -> None:
    rng = np.random.default_rng(0)

    unchanged = sum(np.array_equal(distorted(_picture(), rng), _picture()) for _ in range(800))

    assert unchanged / 800 == pytest.approx(1 / 16, abs=0.025)
