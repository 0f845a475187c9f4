from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.ade20k import blocks, write_pair
from transferbench.backbones.card import Pixels
from transferbench.benchmarks.pil_pipeline import changed_pair, floats_of, opened_pair
from transferbench.tasks.segment.augment import augmented
from transferbench.tasks.segment.settings import Augment
from transferbench.tasks.segment.sources.masks import Pair


def pair(size: tuple[int, int] = (50, 40)) -> tuple[Image.Image, Image.Image]:
    """Returns a picture of noise and its mask."""
    noise_HW3 = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    return Image.fromarray(noise_HW3), Image.fromarray(blocks(size, 0))


@pytest.mark.parametrize("seed", range(6))
def test_one_seed_gives_the_square_that_ours_is(seed: int) -> None:
    augment = Augment(base_size=90, crop=32)
    picture, mask = pair()

    theirs, their_labels = changed_pair(picture, mask, augment, np.random.default_rng(seed))

    ours, labels = augmented(np.array(picture), np.array(mask), augment, np.random.default_rng(seed))
    assert np.abs(np.asarray(theirs).astype(int) - ours).max() <= 1
    assert (np.asarray(their_labels) != labels).mean() < 0.07


def test_a_small_picture_is_padded_with_black_and_ignored_pixels() -> None:
    augment = Augment(base_size=20, crop=32, scale=(1.0, 1.0), flip=0.0)

    picture, mask = changed_pair(*pair(), augment, np.random.default_rng(0))

    assert picture.size == mask.size == (32, 32)
    assert not np.asarray(picture)[16:].any()
    assert (np.asarray(mask)[16:] == 255).all() and (np.asarray(mask)[:16, :20] != 255).all()


def test_floats_are_normalised_and_labels_are_whole() -> None:
    pixels = Pixels(mean=(0.5, 0.0, 1.0), std=(0.5, 1.0, 0.25))

    picture_3HW, labels_HW = floats_of(
        Image.new("RGB", (2, 1), (255, 0, 255)), Image.new("L", (2, 1), 7), pixels
    )

    assert picture_3HW.tolist() == [[[1, 1]], [[0, 0]], [[0, 0]]]
    assert labels_HW.equal(torch.tensor([[7, 7]]))


def test_a_pair_is_opened_whole(tmp_path: Path) -> None:
    write_pair(tmp_path, "training", "a", blocks((50, 40), 0))
    files = Pair(tmp_path / "images/training/a.jpg", tmp_path / "annotations/training/a.png")

    picture, mask = opened_pair(files)

    assert (picture.mode, picture.size) == ("RGB", (50, 40))
    assert np.array_equal(np.asarray(mask), blocks((50, 40), 0))
