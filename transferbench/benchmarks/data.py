"""From files to batches: decoding, crops, colours and the loader, against torchvision's ImageFolder recipe.

Dimension key: N pictures, H x W pixels, 3 colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from transferbench.backbones.card import Pixels
from transferbench.backbones.catalog import create
from transferbench.benchmarks.loading import loaders
from transferbench.benchmarks.pictures import DRAWN, jpegs
from transferbench.benchmarks.reference import (
    CROP,
    SIDE,
    colour_recipe,
    fit_recipe,
    opened_by_pil,
    score_recipe,
)
from transferbench.benchmarks.result import Comparison, Result
from transferbench.benchmarks.timing import OURS, interleaved, one_thread
from transferbench.engine.device import describe, keep_freed_memory
from transferbench.tasks.classify.augment import crop_box, cropped_from, scored
from transferbench.tasks.classify.colours import ColourMap, colour_map
from transferbench.tasks.classify.protocols import Augment
from transferbench.tasks.decode import plain_size, read_rgb

_JITTER = 0.4
_REFERENCE = (
    "the reference is torchvision's ImageFolder recipe, Normalize included: PIL, transforms v1, floats"
)


def bench_data(
    folder: Path | None, *, pictures: int = 40, rounds: int = 5, workers: Sequence[int] = (0, 1, 2)
) -> Result:
    """Returns how fast pictures are decoded, cropped, coloured and loaded here, on one thread a process.

    Args:
        folder: of JPEGs, at any depth; None draws some.
        pictures: at most.
        rounds: of each comparison.
        workers: numbers of processes that the loaders are timed with.

    Raises:
        DataError: the folder has no JPEGs, or broken ones.
    """
    keep_freed_memory()
    with one_thread(), jpegs(folder, pictures) as paths:
        comparisons = (
            *_decode_crop(paths, rounds),
            _colour(paths, rounds, "colour", "paper", hue=_JITTER),
            _colour(paths, rounds, "colour_released", "released", hue=0.0),
            _eval_decode(paths, rounds),
            *loaders(paths, workers, rounds),
        )
        notes = (_REFERENCE, *([DRAWN] if folder is None else []))
        return Result(comparisons, describe(torch.device("cpu")), notes=notes)


def _decode_crop(paths: Sequence[Path], rounds: int) -> list[Comparison]:
    recipe, floats = fit_recipe(SIDE, pixels=Pixels()), fit_recipe(SIDE, pixels=None)
    augment, rng = Augment(), np.random.default_rng(0)
    seconds = interleaved(
        {
            OURS: lambda: [cropped_from(p.read_bytes(), str(p), SIDE, augment, rng=rng) for p in paths],
            "torchvision": lambda: [recipe(opened_by_pil(path)) for path in paths],
            "without Normalize": lambda: [floats(opened_by_pil(path)) for path in paths],
        },
        rounds=rounds,
    )
    difference = np.mean([_crop_difference(path, augment, seed) for seed, path in enumerate(paths)])
    about = "decode, random crop to 224, flip; ours to bytes, the reference to"
    return [
        Comparison.of(
            name, f"{about} {what}", seconds, reference=who, pictures=len(paths), difference=float(difference)
        )
        for name, what, who in (
            ("decode_crop", "normalised floats, as its recipe is", "torchvision"),
            ("decode_crop_floats", "floats that are not normalised", "without Normalize"),
        )
    ]


def _crop_difference(path: Path, augment: Augment, seed: int) -> float:
    """Returns the mean absolute difference between our crop and the reference's in the same place."""
    from torchvision.transforms import functional

    rng = np.random.default_rng(seed)
    whole, content = Image.fromarray(read_rgb(path)), path.read_bytes()
    box = crop_box(plain_size(content) or whole.size[::-1], augment, rng, side=SIDE)
    expected = functional.resized_crop(whole, *box, [SIDE, SIDE])
    expected = functional.hflip(expected) if rng.random() < augment.flip else expected
    found = cropped_from(content, str(path), SIDE, augment, rng=np.random.default_rng(seed))
    return _mean_difference(found, np.asarray(expected))


def _colour(paths: Sequence[Path], rounds: int, name: str, colours: str, *, hue: float) -> Comparison:
    crops = [scored(read_rgb(path), SIDE, CROP) for path in paths]
    images = [Image.fromarray(crop) for crop in crops]
    images_NCHW = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
    augment = Augment.model_validate({"jitter": _JITTER, "colours": colours})
    network, rng = create("mini_d"), np.random.default_rng(0)
    recipe = colour_recipe(_JITTER, hue=hue, pixels=network.pixels)

    def ours() -> Tensor:
        matrices, offsets = zip(*(colour_map(crop, augment, rng) for crop in crops), strict=True)
        colours = ColourMap(torch.from_numpy(np.stack(matrices)), torch.from_numpy(np.stack(offsets)))
        return network.normalize(colours.apply(images_NCHW, torch.float32))

    ways = {OURS: ours, "torchvision": lambda: torch.stack([recipe(image) for image in images])}
    kinds = "hue, saturation, brightness" if hue else "brightness, contrast, saturation"
    about = f"{kinds}, normalisation at 224; ours PCA noise too"
    return Comparison.of(name, about, interleaved(ways, rounds=rounds), pictures=len(paths))


def _eval_decode(paths: Sequence[Path], rounds: int) -> Comparison:
    recipe = score_recipe(SIDE, pixels=None)
    ways = {
        OURS: lambda: [scored(read_rgb(path), SIDE, CROP) for path in paths],
        "torchvision": lambda: [recipe(opened_by_pil(path)) for path in paths],
    }
    differences = [
        _mean_difference(
            scored(read_rgb(path), SIDE, CROP),
            recipe(opened_by_pil(path)).mul(255).round().permute(1, 2, 0).numpy(),
        )
        for path in paths
    ]
    return Comparison.of(
        "eval_decode",
        "decode, resize to 256, centre of 224, as for scoring; ours to bytes, the reference to floats; "
        "ours rounds the long side, the reference cuts off its fraction",
        interleaved(ways, rounds=rounds),
        pictures=len(paths),
        difference=float(np.mean(differences)),
    )


def _mean_difference(found_HW3: np.ndarray, expected_HW3: np.ndarray) -> float:
    return float(np.abs(found_HW3.astype(int) - expected_HW3).mean())
