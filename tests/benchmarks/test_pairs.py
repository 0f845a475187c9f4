from pathlib import Path

import numpy as np
from PIL import Image

from transferbench.benchmarks.pairs import CLASSES, CODE, pairs_of, regions
from transferbench.tasks.decode import read_header
from transferbench.tasks.segment.sources.masks import read_labels


def test_drawn_pairs_are_of_the_size_of_ade20k_s_and_their_masks_are_legal() -> None:
    with pairs_of(None, 2) as pairs:
        sizes = [read_header(pair.picture).size for pair in pairs]
        first, second = (read_labels(pair, CODE) for pair in pairs)

    assert sizes == [(683, 512)] * 2
    assert first.shape == (512, 683) and (first != second).any()
    assert not any(file.exists() for pair in pairs for file in (pair.picture, pair.mask))


def test_given_pictures_are_kept_and_masks_are_drawn_for_their_size(tmp_path: Path) -> None:
    Image.new("RGB", (90, 70)).save(tmp_path / "a.jpg")

    with pairs_of(tmp_path, 5) as (pair,):
        assert read_labels(pair, CODE).shape == (70, 90)

    assert pair.picture.exists() and not pair.mask.exists()


def test_regions_are_some_large_ones_of_a_dozen_classes() -> None:
    labels_HW = regions(np.random.default_rng(0), (512, 683))

    assert 6 <= len(np.unique(labels_HW)) <= 12 and labels_HW.max() < CLASSES
    assert (labels_HW[1:] != labels_HW[:-1]).mean() < 0.05
