from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from pydantic import ValidationError
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from transferbench.tasks.classify.colours import ColourMap, colour_map, mean_colour
from transferbench.tasks.classify.protocols import Augment

UNNOISED = Augment(lighting=0)
PAPER = Augment(lighting=0, colours="paper")


class Fixed(np.random.Generator):
    """Draws the changes that it was given."""

    def __init__(self, *changes: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._changes = np.array(changes)

    def uniform(self, *_: object, **__: object) -> np.ndarray:  # type: ignore[override]
        return self._changes


def picture(lowest: int = 60, highest: int = 160) -> np.ndarray:
    return np.random.default_rng(0).integers(lowest, highest, (20, 30, 3), dtype=np.uint8)


def batch_of(*pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


def mapped(image: np.ndarray, augment: Augment, rng: np.random.Generator) -> np.ndarray:
    """Returns the picture with its colours changed (H, W, 3), in [0, 1], not cut off."""
    matrix, offset = colour_map(image, augment, rng)
    return np.asarray(image / 255 @ matrix.T.astype(float) + offset)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_colour_map_does_what_pillow_does_step_by_step_in_any_order(order: tuple[int, ...]) -> None:
    image, changes = picture(), (-0.1, 0.1, -0.2)
    enhancers: list[Any] = [ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color]
    stepwise = Image.fromarray(image)
    for kind in order:
        stepwise = enhancers[kind](stepwise).enhance(1 + changes[kind])

    colours = mapped(image, UNNOISED, Fixed(*changes))

    assert np.abs(colours * 255 - np.asarray(stepwise)).max() < 3  # Pillow rounds each step


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("seed", range(3))
def test_the_colour_map_does_what_torchvision_does_step_by_step_on_floats(
    seed: int, order: tuple[int, ...]
) -> None:
    image, shares = picture(110, 140), (1 + np.random.default_rng(seed).uniform(-0.4, 0.4, 3)).tolist()
    steps = (transforms.adjust_brightness, transforms.adjust_contrast, transforms.adjust_saturation)
    # Torchvision cuts off after each step, but colours so close to grey stay in range; it weighs red for
    # grey by 0.2989, not 0.299.
    stepwise = batch_of(image).double() / 255
    for kind in order:
        stepwise = steps[kind](stepwise, shares[kind])

    colours = mapped(image, UNNOISED, np.random.default_rng(seed))

    np.testing.assert_allclose(colours, stepwise[0].permute(1, 2, 0), atol=2e-4)


@pytest.mark.parametrize("seed", range(8))
def test_hue_saturation_and_brightness_are_the_steps_of_mxnet_one_by_one(seed: int) -> None:
    image = picture(0, 255)
    hue, saturation, brightness = np.random.default_rng(seed).uniform(-0.4, 0.4, 3)
    y, i, q = (
        image / 255 @ np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]]).T
    ).T
    turned = np.cos(hue * np.pi) * np.stack([i, q]) + np.sin(hue * np.pi) * np.stack([-q, i])
    stepwise = np.stack([y + 0.956 * turned[0] + 0.621 * turned[1],
                         y - 0.272 * turned[0] - 0.647 * turned[1],
                         y - 1.107 * turned[0] + 1.705 * turned[1]], axis=-1)  # fmt: skip
    grey = stepwise @ [0.299, 0.587, 0.114]
    stepwise = (stepwise * (1 + saturation) - saturation * grey[..., None]) * (1 + brightness)

    colours = mapped(image, PAPER, np.random.default_rng(seed))

    np.testing.assert_allclose(colours.transpose(1, 0, 2), stepwise, atol=1e-5)


def test_hue_leaves_grey_and_turns_red_by_a_third_of_a_circle_into_blue() -> None:
    grey_and_red = np.array([[[90, 90, 90], [255, 0, 0]]], np.uint8)

    grey, red = mapped(grey_and_red, PAPER, Fixed(2 / 3, 0, 0))[0]

    np.testing.assert_allclose(grey, 90 / 255, atol=2e-3)
    assert red.argmax() == 2


def test_the_brightness_of_the_paper_is_drawn_from_the_jitter() -> None:
    rng = np.random.default_rng(0)
    black_and_white = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)

    gains = [
        mapped(black_and_white, Augment(lighting=0, jitter=0.4, colours="paper"), rng)[0, 1, 0]
        for _ in range(500)
    ]

    assert 0.599 < min(gains) < 0.61 and 1.39 < max(gains) < 1.402


def test_the_paper_has_no_contrast_and_the_released_code_no_hue() -> None:
    image = picture()

    offsets = [np.abs(colour_map(image, PAPER, np.random.default_rng(seed))[1]).max() for seed in range(20)]
    greys = [colour_map(image, UNNOISED, np.random.default_rng(seed))[0].sum(1) for seed in range(20)]

    assert max(offsets) == 0
    np.testing.assert_allclose([np.ptp(grey) for grey in greys], 0, atol=1e-6)


def test_lighting_alone_adds_one_offset_to_all_pixels() -> None:
    matrix, offset = colour_map(picture(), Augment(jitter=0), np.random.default_rng(0))

    np.testing.assert_array_equal(matrix, np.eye(3))
    assert np.abs(offset).max() > 0


def test_the_noise_varies_as_the_colours_of_imagenet_do() -> None:
    rng = np.random.default_rng(0)

    offsets = np.array([colour_map(picture(), Augment(jitter=0), rng)[1] * 255 for _ in range(4000)])

    vectors = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
    expected = vectors @ np.diag(np.square([5.546, 0.4794, 0.1148])) @ vectors.T
    np.testing.assert_allclose(np.cov(offsets.T), expected, rtol=0.08)


def test_colours_of_the_paper_without_jitter_are_refused() -> None:
    with pytest.raises(ValidationError, match="'colours' needs a 'jitter' above 0"):
        Augment(colours="paper", jitter=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_applying_maps_each_image_by_its_own_map_and_cuts_off_at_the_end(dtype: torch.dtype) -> None:
    images = batch_of(picture(0, 255), picture(0, 255)[::-1])
    matrix_N33, offset_N3 = 1.5 * torch.randn(2, 3, 3), torch.randn(2, 3)

    changed = ColourMap(matrix_N33, offset_N3).apply(images, dtype)

    expected = torch.einsum("nij,njhw->nihw", matrix_N33.to(dtype), images.to(dtype) / 255)
    expected = (expected + offset_N3.to(dtype)[:, :, None, None]).clamp(0, 1)
    torch.testing.assert_close(changed, expected)
    assert (changed == 0).any() and (changed == 1).any()


def test_applying_is_as_exact_under_autocast() -> None:
    images, colours = batch_of(picture()), ColourMap(torch.eye(3)[None], torch.zeros(1, 3))

    with torch.autocast("cpu", torch.bfloat16):
        changed = colours.apply(images, torch.float32)

    assert (changed * 255).round().equal(images.float())


def test_no_images_stay_no_images() -> None:
    none = ColourMap(torch.zeros(0, 3, 3), torch.zeros(0, 3))

    assert none.apply(torch.zeros(0, 3, 4, 5, dtype=torch.uint8), torch.float32).shape == (0, 3, 4, 5)


def test_the_mean_colour_is_that_of_all_pixels() -> None:
    image = picture(0, 255)

    np.testing.assert_array_equal(mean_colour(image), image.mean((0, 1)) / 255)
    np.testing.assert_array_equal(mean_colour(np.full((5000, 2, 3), 255, np.uint8)), 1)
