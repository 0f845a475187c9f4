from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import COLOURS, blocks
from transferbench.tasks.segment.augment import augmented
from transferbench.tasks.segment.settings import Augment

_AUGMENT = Augment(base_size=60, crop=48, scale=(0.5, 2.0))


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


def test_the_crop_has_the_pixels_of_resizing_the_whole_and_cropping() -> None:
    rng = np.random.default_rng(0)
    picture_HW3 = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    labels_HW = rng.integers(0, 5, (40, 50), dtype=np.uint8)
    plain = Augment(base_size=75, crop=60, scale=(1.0, 1.0), flip=0.0)

    picture, labels = augmented(picture_HW3, labels_HW, plain, np.random.default_rng(3))

    whole = np.asarray(Image.fromarray(picture_HW3).resize((75, 60), Image.Resampling.BILINEAR)).astype(int)
    whole_labels = np.asarray(Image.fromarray(labels_HW).resize((75, 60), Image.Resampling.NEAREST))
    apart = [np.abs(whole[:, x : x + 60] - picture).max() for x in range(16)]
    assert min(apart) <= 1
    assert np.array_equal(whole_labels[:, int(np.argmin(apart)) :][:, :60], labels)


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
