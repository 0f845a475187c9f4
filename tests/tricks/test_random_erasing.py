"""Random erasing."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torchvision.transforms import v2

from transferbench.tricks.random_erasing import RandomErasing, erased_box

SIZE_HW = (60, 90)
GREY_HW3 = np.full((*SIZE_HW, 3), 7, np.uint8)


@pytest.fixture(scope="module")
def boxes() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([erased_box(SIZE_HW, rng) for _ in range(3000)])


def test_boxes_are_spread_as_torchvisions(boxes: np.ndarray) -> None:
    theirs = v2.RandomErasing(p=1, scale=(0.02, 1 / 3), ratio=(0.3, 1 / 0.3))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = [theirs.make_params([torch.zeros(3, *SIZE_HW)]) for _ in range(3000)]

    left, top, right, bottom = boxes.T
    ours = {"h": bottom - top, "w": right - left, "i": top, "j": left}

    for key, values in ours.items():
        assert ks_2samp(values, [params[key] for params in drawn]).pvalue > 0.01, key


def test_boxes_keep_to_the_papers_bounds(boxes: np.ndarray) -> None:
    left, top, right, bottom = boxes.T
    height, width = bottom - top, right - left

    assert (left.min(), top.min(), right.max(), bottom.max()) == (0, 0, 90, 60)
    # Rounding to pixels moves each edge by half a pixel at most.
    assert ((height + 0.5) * (width + 0.5) >= 0.02 * 60 * 90).all()
    assert ((height - 0.5) * (width - 0.5) <= 60 * 90 / 3).all()
    assert ((height + 0.5) / (width - 0.5) >= 0.3).all()
    assert ((height - 0.5) / (width + 0.5) <= 1 / 0.3).all()


def test_mean_fills_one_box_with_the_mean_of_imagenet() -> None:
    erased_HW3 = RandomErasing(probability=1, mode="mean").distort(GREY_HW3, np.random.default_rng(3))

    changed_HW = (erased_HW3 != GREY_HW3).all(axis=2)
    rows, columns = changed_HW.any(axis=1).sum(), changed_HW.any(axis=0).sum()
    assert changed_HW.sum() == rows * columns > 0
    assert np.array_equal(np.unique(erased_HW3[changed_HW], axis=0), [[124, 116, 104]])
    assert (erased_HW3[~changed_HW] == 7).all()


def test_noise_draws_every_byte_alike() -> None:
    rng, white = np.random.default_rng(0), np.full((200, 200, 3), 255, np.uint8)

    pictures = [RandomErasing(probability=1).distort(white, rng) for _ in range(20)]

    drawn = np.concatenate([picture[picture != 255] for picture in pictures])
    counts = np.bincount(drawn, minlength=256)[:255]
    assert counts.min() > 0.9 * counts.mean()
    assert counts.max() < 1.1 * counts.mean()


@pytest.mark.parametrize("probability", [0.25, 0.5])
def test_so_many_pictures_are_erased(probability: float) -> None:
    rng, trick = np.random.default_rng(1), RandomErasing(probability=probability)

    erased = [trick.distort(GREY_HW3, rng) is not GREY_HW3 for _ in range(2000)]

    assert np.mean(erased) == pytest.approx(probability, abs=0.03)


def test_a_picture_that_no_box_fits_passes_as_it_is() -> None:
    dot_HW3 = np.zeros((1, 1, 3), np.uint8)

    assert RandomErasing(probability=1).distort(dot_HW3, np.random.default_rng(0)) is dot_HW3
