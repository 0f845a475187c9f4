"""From pictures and masks to a network's floats, against the pipeline of the peers; on one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from transferbench.backbones.catalog import create
from transferbench.benchmarks.pairs import CODE, pairs_of
from transferbench.benchmarks.pil_pipeline import changed_pair, floats_of, opened_pair
from transferbench.benchmarks.result import Comparison
from transferbench.benchmarks.timing import OURS, Way, interleaved, one_thread
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.segment.examples import SegmentExamples
from transferbench.tasks.segment.model.fcn import pixels_of
from transferbench.tasks.segment.protocols import PROTOCOLS
from transferbench.tasks.segment.settings import SegmentProtocol
from transferbench.tasks.segment.sources.masks import Pair

_PROTOCOL = PROTOCOLS["ade20k-fcn8@1"]
_CROPS = 4
"""Of each picture in a round."""
_THEIRS = "PIL"
_ABOUT = "scale, crop, flip, blur and normalisation of picture and mask"
_FROM = {
    "augment": "from memory",
    "augment_files": "from files",
    "augment_cached": "ours from memory, where it keeps decoded pictures, the reference from files",
}


def augmenting(folder: Path | None, *, pictures: int, rounds: int) -> list[Comparison]:
    """Returns how long it takes to make a training picture and its labels, to floats.

    Args:
        folder: of JPEGs, at any depth; None draws some.
        pictures: at most.
        rounds: of each comparison.

    Raises:
        DataError: the folder has no JPEGs, or broken ones.
    """
    with one_thread(), pairs_of(folder, pictures) as pairs:
        seconds = interleaved(_ways(pairs, _PROTOCOL), rounds=rounds)
        difference = float(np.mean([_difference(pair, seed) for seed, pair in enumerate(pairs)]))
        count = len(pairs) * _CROPS
    sides = {
        "augment": ("memory", "PIL memory"),
        "augment_files": ("files", "PIL files"),
        "augment_cached": ("memory", "PIL files"),
    }
    return [
        Comparison.of(
            name,
            f"{_ABOUT}, {_FROM[name]}",
            {OURS: seconds[ours], _THEIRS: seconds[theirs]},
            reference=_THEIRS,
            pictures=count,
            difference=difference,
        )
        for name, (ours, theirs) in sides.items()
    ]


def _ways(pairs: Sequence[Pair], protocol: SegmentProtocol) -> dict[str, Way]:
    decoded = [opened_pair(pair) for pair in pairs]
    sizes = [(picture.height, picture.width) for picture, _ in decoded]
    cache = PictureCache([*((*size, 3) for size in sizes), *sizes])
    augment = protocol.augment
    return {
        "memory": _ours(SegmentExamples(pairs, CODE, augment, cache=cache), protocol),
        "files": _ours(SegmentExamples(pairs, CODE, augment), protocol),
        "PIL memory": _theirs(lambda index: decoded[index], len(pairs), protocol),
        "PIL files": _theirs(lambda index: opened_pair(pairs[index]), len(pairs), protocol),
    }


def _ours(examples: SegmentExamples, protocol: SegmentProtocol) -> Way:
    network = create("mini_d")

    def make() -> None:
        rng = np.random.default_rng(0)
        for index in np.tile(np.arange(len(examples)), _CROPS):
            (group,) = examples.collate([examples.example(int(index), rng)]).groups
            network.normalize(pixels_of(network, group.images_N3HW, protocol))

    return make


def _theirs(
    opened: Callable[[int], tuple[Image.Image, Image.Image]], count: int, protocol: SegmentProtocol
) -> Way:
    pixels = create("mini_d").pixels

    def make() -> None:
        rng = np.random.default_rng(0)
        for index in np.tile(np.arange(count), _CROPS):
            picture, mask = opened(int(index))
            floats_of(*changed_pair(picture, mask, protocol.augment, rng), pixels)

    return make


def _difference(pair: Pair, seed: int) -> float:
    """Returns the mean absolute difference between our crop of a picture and theirs in the same place."""
    examples = SegmentExamples([pair], CODE, _PROTOCOL.augment)
    found_HW3, _ = examples.example(0, np.random.default_rng(seed))
    expected, _ = changed_pair(*opened_pair(pair), _PROTOCOL.augment, np.random.default_rng(seed))
    return float(np.abs(found_HW3.astype(int) - np.asarray(expected)).mean())
