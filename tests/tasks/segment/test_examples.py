from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.ade20k import NAMES, blocks, write_ade20k, write_pair
from transferbench.errors import DataError
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.loader import Loader
from transferbench.tasks.segment.examples import SegmentExamples
from transferbench.tasks.segment.settings import Augment
from transferbench.tasks.segment.sources.masks import Pair, mask_code

AUGMENT = Augment(base_size=40, crop=32)
CODE = mask_code(range(1, len(NAMES) + 1), (0,), modes=("L",), of="the test")
WIDTH, HEIGHT = 40, 32
ODD = 1
"""Number of the picture that is less wide by a half."""


def pairs(root: Path) -> list[Pair]:
    """Writes four pictures and masks."""
    folder = write_ade20k(root, size=(WIDTH, HEIGHT))
    write_pair(folder, "training", f"training_{ODD}", blocks((WIDTH // 2, HEIGHT), ODD))
    names = [f"training_{index}" for index in range(4)]
    return [
        Pair(
            folder / "images" / "training" / f"{name}.jpg",
            folder / "annotations" / "training" / f"{name}.png",
        )
        for name in names
    ]


def cache() -> PictureCache:
    """Returns a cache with room for all of them."""
    sizes = [(HEIGHT, WIDTH // 2 if index == ODD else WIDTH) for index in range(4)]
    return PictureCache([*((*size, 3) for size in sizes), *sizes])


def drawn(examples: SegmentExamples, index: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns a picture and its labels as they are trained on."""
    return examples.example(index, np.random.default_rng(seed))


def test_pictures_and_masks_are_decoded_once_where_there_is_a_cache(tmp_path: Path) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=cache())

    before = [drawn(examples, index) for index in range(4)]
    for pair in examples.pairs:
        pair.picture.unlink()
        pair.mask.unlink()

    after = [drawn(examples, index) for index in range(4)]
    for first, second in zip(before, after, strict=True):
        assert all(map(np.array_equal, first, second))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_with_a_cache_and_without_whoever_loads_them(
    workers: int, tmp_path: Path
) -> None:
    kept, anew = (SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=each) for each in (cache(), None))
    loaders = [
        Loader(kept, batch_size=2, seed=0, workers=workers),
        Loader(anew, batch_size=2, seed=0, workers=0),
    ]

    for epoch in range(2):
        for ours, theirs in zip(*(loader.epoch(epoch) for loader in loaders), strict=True):
            assert ours.groups[0].images_N3HW.equal(theirs.groups[0].images_N3HW)
            assert ours.groups[0].labels_NHW.equal(theirs.groups[0].labels_NHW)


def test_every_tensor_of_a_batch_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT)
    batch = examples.collate([examples.example(index, None) for index in (0, ODD)])
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 1)

    pinned = batch.pin_memory()

    for before, after in zip(batch.groups, pinned.groups, strict=True):
        assert after.images_N3HW.equal(before.images_N3HW + 1)
        assert after.labels_NHW.equal(before.labels_NHW + 1)


def test_what_is_scored_is_decoded_by_the_reference_and_kept_by_nobody(tmp_path: Path) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=cache())
    drawn(examples, 0)

    examples.pairs[0].picture.unlink()

    with pytest.raises(DataError, match="found no such file"):
        examples.example(0, None)


def test_what_is_kept_is_not_changed_by_augmenting(tmp_path: Path) -> None:
    still = Augment(base_size=WIDTH, crop=WIDTH, scale=(1.0, 1.0), flip=0.0)
    whole = SegmentExamples(pairs(tmp_path), CODE, still, cache=(kept := cache()))
    before = [array.copy() for array in drawn(whole, 0)]

    wild = still.model_copy(update={"flip": 1.0, "blur": 1.0, "distorts_colours": True})
    for seed in range(5):
        drawn(SegmentExamples(whole.pairs, CODE, wild, cache=kept), 0, seed)

    assert all(map(np.array_equal, before, drawn(whole, 0)))


@pytest.mark.parametrize("kept", [None, cache()])
@pytest.mark.parametrize("seed", [None, 0])
def test_a_mask_of_another_size_is_refused(
    kept: PictureCache | None, seed: int | None, tmp_path: Path
) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=kept)
    Image.fromarray(blocks((20, 16), 0)).save(examples.pairs[2].mask)

    with pytest.raises(DataError) as caught:
        examples.example(2, None if seed is None else np.random.default_rng(seed))

    assert str(caught.value) == (
        f"{examples.pairs[2].mask}: expected the size of its picture, 40x32, found 20x16; replace the one or "
        "the other"
    )


def test_a_picture_that_changes_after_its_header_was_read_is_refused(tmp_path: Path) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=cache())
    write_pair(tmp_path / "ADEChallengeData2016", "training", "training_3", blocks((24, 16), 0))

    with pytest.raises(DataError) as caught:
        drawn(examples, 3)

    assert str(caught.value) == (
        f"{examples.pairs[3].picture}: expected 40x32 pixels, as when the data set was read, found 24x16; "
        "leave the data alone during a run and start again"
    )


def test_a_mask_with_an_illegal_value_is_told_and_not_kept(tmp_path: Path) -> None:
    examples = SegmentExamples(pairs(tmp_path), CODE, AUGMENT, cache=cache())
    Image.fromarray(np.full((HEIGHT, WIDTH), 77, np.uint8)).save(examples.pairs[0].mask)

    for _ in range(2):
        with pytest.raises(DataError, match="found 77 in 1,280 pixels"):
            drawn(examples, 0)
