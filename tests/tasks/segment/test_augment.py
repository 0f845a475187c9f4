from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import COLOURS, blocks
from transferbench.benchmarks.pil_pipeline import changed_pair
from transferbench.tasks.segment.augment import _by_pillow, _by_torch, _Window, augmented
from transferbench.tasks.segment.settings import Augment, Side

_AUGMENT = Augment(base_size=60, crop=48, scale=(0.5, 2.0))


def _noise(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (*size, 3), dtype=np.uint8), blocks((size[1], size[0]), turn=0)


def _pair(size: tuple[int, int] = (50, 40)) -> tuple[np.ndarray, np.ndarray]:
    labels_HW = blocks(size, turn=0)
    return COLOURS[labels_HW], labels_HW


@pytest.mark.parametrize("seed", range(8))
def test_picture_and_labels_stay_aligned(seed: int) -> None:
    picture_HW3, labels_HW = _pair()

    picture, labels = augmented(picture_HW3, labels_HW, _AUGMENT, np.random.default_rng(seed))

    nearest = np.abs(picture[:, :, None].astype(int) - COLOURS[None, None]).sum(-1).argmin(-1)
    kept = labels != 255
    assert (nearest == labels)[kept].mean() > 0.94
    assert not picture[~kept].any()


@pytest.mark.parametrize("factor", [0.4, 1.0, 1.3, 1.9])
@pytest.mark.parametrize("crop", [60, 257])
def test_the_crop_has_the_pixels_of_resizing_the_whole_and_cropping(crop: int, factor: float) -> None:
    picture_HW3, labels_HW = _noise((crop * 2 // 3, crop * 5 // 6))
    plain = Augment(base_size=int(1.27 * crop * factor), crop=crop, scale=(1.0, 1.0), flip=0.0)

    picture, labels = augmented(picture_HW3, labels_HW, plain, np.random.default_rng(3))

    expected, expected_labels = (
        np.asarray(each)
        for each in changed_pair(
            Image.fromarray(picture_HW3), Image.fromarray(labels_HW), plain, np.random.default_rng(3)
        )
    )
    apart = np.abs(picture.astype(int) - expected)
    assert apart.max() <= 1 and apart.mean() < 0.05
    assert (labels != expected_labels).mean() < 0.04  # a pixel as near to one label as to the next has either


@pytest.mark.parametrize("side", ["long", "short"])
def test_the_base_size_is_that_of_the_side_that_the_protocol_says(side: Side) -> None:
    plain = Augment(base_size=40, side=side, crop=80, scale=(1.0, 1.0), flip=0.0)

    _, labels = augmented(*_pair((50, 25)), plain, np.random.default_rng(0))

    kept = (labels != 255).nonzero()
    assert tuple(int(each.max()) + 1 for each in kept) == {"long": (20, 40), "short": (40, 80)}[side]


def _crops_drawn(labels_HW: np.ndarray, share: float) -> int:
    """Returns how many crops of 30 pixels are drawn of a picture of 40x40, by what is left of the draws."""
    varied = Augment(base_size=40, crop=30, scale=(1.0, 1.0), flip=0.0, most_of_one_class=share)
    rng, spent = np.random.default_rng(0), np.random.default_rng(0)
    augmented(COLOURS[np.minimum(labels_HW, 4)], labels_HW, varied, rng)
    left = rng.bit_generator.state["state"]
    spent.integers(40, 41)
    for drawn in range(1, 30):
        _ = spent.integers(11), spent.integers(11)
        last = np.random.default_rng(0)
        last.bit_generator.state = spent.bit_generator.state
        _ = last.random(), last.random()
        if last.bit_generator.state["state"] == left:
            return drawn
    raise AssertionError("other numbers were drawn")


@pytest.mark.parametrize(("share", "drawn"), [(0.7, 11), (0.75, 11), (0.76, 1), (1.0, 1)])
def test_a_crop_that_one_class_fills_is_drawn_again_ten_times_and_then_taken(
    share: float, drawn: int
) -> None:
    three_to_one = np.array([[0, 0, 255], [0, 1, 255]], np.uint8)

    labels_HW = np.tile(three_to_one, (20, 14))[:, :40]

    assert _crops_drawn(labels_HW, share) == drawn


def test_a_crop_of_one_class_alone_or_of_none_is_drawn_again() -> None:
    one, none = (np.full((40, 40), value, np.uint8) for value in (1, 255))

    assert _crops_drawn(one, 0.99) == _crops_drawn(none, 0.99) == 11


def test_colours_are_changed_in_the_picture_and_not_where_there_is_none() -> None:
    plain = Augment(base_size=20, crop=32, scale=(1.0, 1.0), flip=0.0)
    coloured = plain.model_copy(update={"distorts_colours": True})

    picture, labels = augmented(*_pair((20, 16)), plain, np.random.default_rng(1))
    other, other_labels = augmented(*_pair((20, 16)), coloured, np.random.default_rng(1))

    assert not np.array_equal(picture, other) and np.array_equal(labels, other_labels)
    assert not other[16:].any() and not other[:, 20:].any()


def test_a_flip_mirrors_picture_and_labels() -> None:
    picture_HW3, labels_HW = _pair((48, 48))
    still = Augment(base_size=48, crop=48, scale=(1.0, 1.0), flip=0.0)
    mirrored = still.model_copy(update={"flip": 1.0})

    picture, labels = augmented(picture_HW3, labels_HW, still, np.random.default_rng(0))
    turned, turned_labels = augmented(picture_HW3, labels_HW, mirrored, np.random.default_rng(0))

    assert np.array_equal(picture, picture_HW3) and np.array_equal(labels, labels_HW)
    assert np.array_equal(turned, picture[:, ::-1]) and np.array_equal(turned_labels, labels[:, ::-1])


def test_a_small_picture_is_padded_at_the_right_and_bottom_with_ignored_pixels() -> None:
    plain = Augment(base_size=20, crop=32, scale=(1.0, 1.0), flip=0.0)

    _, labels = augmented(*_pair((20, 16)), plain, np.random.default_rng(0))

    assert (labels[:16, :20] != 255).all()
    assert (labels[16:] == 255).all() and (labels[:, 20:] == 255).all()


def test_labels_are_never_mixed_into_new_ones() -> None:
    picture_HW3, labels_HW = _pair()
    labels_HW = labels_HW * 50

    _, labels = augmented(picture_HW3, labels_HW, _AUGMENT, np.random.default_rng(1))

    assert set(np.unique(labels)) <= {0, 50, 100, 150, 200, 255}


def test_a_blur_changes_the_picture_and_not_the_labels() -> None:
    sharp = Augment(base_size=48, crop=48, scale=(1.0, 1.0), flip=0.0, blur=0.0)
    blurred = sharp.model_copy(update={"blur": 1.0})

    picture, labels = augmented(*_pair(), sharp, np.random.default_rng(0))
    soft, soft_labels = augmented(*_pair(), blurred, np.random.default_rng(0))

    assert not np.array_equal(soft, picture)
    assert np.array_equal(soft_labels, labels)


def test_the_same_seed_gives_the_same_pixels() -> None:
    first = augmented(*_pair(), _AUGMENT, np.random.default_rng(5))
    second = augmented(*_pair(), _AUGMENT, np.random.default_rng(5))

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    "window",
    [
        _Window((320, 300), (480, 450), top=0, left=10, height=290, width=290),
        _Window((320, 300), (324, 304), top=0, left=0, height=200, width=200),
    ],
    ids=["right", "bottom"],
)
def test_a_side_of_which_as_much_is_made_as_is_read_is_scaled_like_any_other(window: _Window) -> None:
    picture_HW3, _ = _noise(window.size)

    found = _by_torch(picture_HW3, window)

    assert np.abs(found.astype(int) - _by_pillow(picture_HW3, window)).max() <= 2


def test_a_long_picture_is_no_longer_than_the_protocol_says_whatever_its_short_side() -> None:
    plain = Augment(base_size=40, side="short", longest=60, crop=80, scale=(1.0, 1.0), flip=0.0)

    _, labels = augmented(*_pair((50, 25)), plain, np.random.default_rng(0))

    kept = (labels != 255).nonzero()
    assert tuple(int(each.max()) + 1 for each in kept) == (30, 60)
