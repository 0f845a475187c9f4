from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from transferbench.tasks.classify.augment import ColourMap, augmented, colour_map, crop_box, scored
from transferbench.tasks.classify.protocols import Augment

PLAIN = Augment(jitter=0, lighting=0)


class Fixed(np.random.Generator):
    """Draws the numbers that it was given for brightness, contrast and saturation, in that order."""

    def __init__(self, shares: tuple[float, float, float], order: tuple[int, int, int]) -> None:
        super().__init__(np.random.PCG64(0))
        self._shares, self._order = np.array(shares), order

    def uniform(self, *_: object, **__: object) -> np.ndarray:  # type: ignore[override]
        return self._shares - 1

    def permutation(self, *_: object, **__: object) -> np.ndarray:
        return np.array(self._order)


def picture(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(60, 160, (height, width, 3), dtype=np.uint8)


def mapped(image: np.ndarray, matrix: np.ndarray, offset: np.ndarray) -> np.ndarray:
    images_NCHW = torch.from_numpy(image).permute(2, 0, 1)[None].double() / 255
    colours = ColourMap(torch.from_numpy(matrix)[None], torch.from_numpy(offset)[None])
    return np.asarray(colours.apply(images_NCHW)[0].permute(1, 2, 0)) * 255


@pytest.mark.parametrize(
    ("shares", "order", "enhancers"),
    [
        ((1.2, 1.0, 1.0), (0, 1, 2), [(ImageEnhance.Brightness, 1.2)]),
        ((1.0, 0.7, 1.0), (0, 1, 2), [(ImageEnhance.Contrast, 0.7)]),
        ((1.0, 1.0, 1.3), (0, 1, 2), [(ImageEnhance.Color, 1.3)]),
        ((0.9, 1.1, 0.8), (2, 1, 0), [(ImageEnhance.Color, 0.8), (ImageEnhance.Contrast, 1.1),
                                      (ImageEnhance.Brightness, 0.9)]),
    ],
)  # fmt: skip
def test_the_colour_map_does_what_pillow_does_step_by_step(
    shares: tuple[float, float, float], order: tuple[int, int, int], enhancers: list[tuple[Any, float]]
) -> None:
    image = picture()
    stepwise = Image.fromarray(image)
    for enhancer, share in enhancers:
        stepwise = enhancer(stepwise).enhance(share)

    matrix, offset = colour_map(image.mean((0, 1)) / 255, Augment(lighting=0), Fixed(shares, order))

    assert np.abs(mapped(image, matrix, offset) - np.asarray(stepwise)).max() < 3  # Pillow rounds each step


def test_lighting_alone_adds_one_offset_to_all_pixels() -> None:
    matrix, offset = colour_map(np.full(3, 0.5), Augment(jitter=0), np.random.default_rng(0))

    np.testing.assert_array_equal(matrix, np.eye(3))
    assert np.abs(offset).max() > 0


def test_crops_lie_inside_and_keep_to_area_and_aspect() -> None:
    rng = np.random.default_rng(0)
    augment = Augment(area=(0.2, 0.9))

    boxes = np.array([crop_box((50, 80), augment, rng) for _ in range(500)])

    top, left, height, width = boxes.T
    assert (top >= 0).all() and (left >= 0).all()
    assert (top + height <= 50).all() and (left + width <= 80).all()
    assert (height * width).min() / 4000 > 0.18 and (height * width).max() / 4000 < 0.92


def test_a_picture_too_narrow_for_any_crop_gives_its_centre() -> None:
    top, left, height, width = crop_box((4, 400), Augment(area=(0.9, 1.0)), np.random.default_rng(0))

    assert (top, height) == (0, 4)
    assert left == (400 - width) // 2


def test_a_whole_crop_without_colours_is_the_picture() -> None:
    augment = Augment(area=(1, 1), aspect=(1, 1), flip=0, jitter=0, lighting=0)
    image = picture(32, 32)

    crop, matrix, offset = augmented(image, 32, augment, np.random.default_rng(0))

    np.testing.assert_array_equal(crop, image)
    np.testing.assert_array_equal(matrix, np.eye(3))
    np.testing.assert_array_equal(offset, np.zeros(3))


def test_the_same_seed_gives_the_same_pixels() -> None:
    first, second = (augmented(picture(), 16, Augment(), np.random.default_rng((0, 3, 7))) for _ in range(2))

    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("height", "width"), [(20, 30), (30, 20), (7, 90), (64, 64)])
def test_scoring_gives_a_square_whatever_the_shape(height: int, width: int) -> None:
    assert scored(picture(height, width), 16, 0.875).shape == (16, 16, 3)


def test_scoring_cuts_the_centre_of_the_picture_resized_by_pillow() -> None:
    image = picture(32, 64)
    resized = np.asarray(Image.fromarray(image).resize((64, 32)))

    np.testing.assert_array_equal(scored(image, 28, 0.875), resized[2:30, 18:46])
