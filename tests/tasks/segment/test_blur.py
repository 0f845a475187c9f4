from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy.ndimage import correlate1d

from transferbench.tasks.segment.blur import blurred

_SIGMAS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def _picture(size: tuple[int, int] = (150, 70)) -> np.ndarray:
    """Returns smooth noise with sharp edges in it."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (12, 20, 3), dtype=np.uint8))
    picture_HW3 = np.array(small.resize(size, Image.Resampling.BICUBIC))
    picture_HW3[20:40, 30:90] = rng.integers(0, 256, 3)
    return picture_HW3


def _exact(picture_HW3: np.ndarray, sigma: float) -> np.ndarray:
    box, kernel = [sigma**2 / 6, 1 - sigma**2 / 3, sigma**2 / 6], np.ones(1)
    for _ in range(3):
        kernel = np.convolve(kernel, box)
    down = correlate1d(picture_HW3.astype(float), kernel, axis=0, mode="nearest")
    exact_HW3: np.ndarray = correlate1d(down, kernel, axis=1, mode="nearest")
    return exact_HW3


@pytest.mark.parametrize("sigma", _SIGMAS)
def test_a_blur_is_three_passes_of_a_box_in_real_numbers(sigma: float) -> None:
    picture_HW3 = _picture()

    apart = np.abs(blurred(picture_HW3, sigma) - _exact(picture_HW3, sigma))

    assert apart.max() < 2.5
    assert apart.mean() < 0.5


@pytest.mark.parametrize("sigma", _SIGMAS)
def test_a_blur_is_pillow_s_but_for_what_pillow_rounds(sigma: float) -> None:
    picture_HW3 = _picture()

    theirs = np.asarray(Image.fromarray(picture_HW3).filter(ImageFilter.GaussianBlur(sigma)))

    apart = np.abs(blurred(picture_HW3, sigma).astype(int) - theirs)
    assert apart.mean() < 1
    assert np.quantile(apart, 0.999) <= 3


@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_a_blur_too_weak_for_a_byte_changes_nothing_and_neither_does_pillow_s(sigma: float) -> None:
    picture_HW3 = _picture()

    theirs = np.asarray(Image.fromarray(picture_HW3).filter(ImageFilter.GaussianBlur(sigma)))

    assert np.array_equal(blurred(picture_HW3, sigma), picture_HW3)
    assert np.array_equal(theirs, picture_HW3)


@pytest.mark.parametrize("value", [0, 1, 254, 255])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (64, 65)])
def test_one_colour_stays_what_it_is(value: int, size: tuple[int, int]) -> None:
    plain_HW3 = np.full((*size, 3), value, np.uint8)

    assert np.array_equal(blurred(plain_HW3, 1.0), plain_HW3)


def test_a_window_of_a_picture_is_blurred_as_a_copy_of_it_is() -> None:
    window_HW3 = _picture()[5:60, 7:99]

    assert np.array_equal(blurred(window_HW3, 0.8), blurred(window_HW3.copy(), 0.8))
