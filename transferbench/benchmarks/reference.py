"""Torchvision's recipes for classifiers: transforms v1 on PIL images.

Imports torchvision only when a recipe is asked for, as it takes seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transferbench.backbones.card import Pixels

SIDE = 224
CROP = 0.875
"""Share of the resized short side that is scored."""


def opened_by_pil(path: Path) -> Any:
    """Returns a picture as ImageFolder opens it."""
    from torchvision.datasets.folder import pil_loader

    return pil_loader(str(path))


def fit_recipe(side: int, *, pixels: Pixels | None) -> Any:
    """Returns what makes a random crop, flipped at random, of a PIL image.

    Args:
        side: of the crop, in pixels.
        pixels: for whose network it is normalised; None leaves it in [0, 1].
    """
    from torchvision import transforms

    crop = [transforms.RandomResizedCrop(side), transforms.RandomHorizontalFlip()]
    return transforms.Compose([*crop, *_to_floats(pixels)])


def score_recipe(side: int, *, pixels: Pixels | None) -> Any:
    """Returns what makes the centre, as it is scored, of a PIL image; see `fit_recipe`."""
    from torchvision import transforms

    centre = [transforms.Resize(round(side / CROP)), transforms.CenterCrop(side)]
    return transforms.Compose([*centre, *_to_floats(pixels)])


def colour_recipe(jitter: float, *, hue: float, pixels: Pixels) -> Any:
    """Returns what changes the colours of a PIL image: with hue as the paper, without as its code.

    Args:
        jitter: largest relative change.
        hue: the same of hue; 0 takes contrast in its place.
        pixels: for whose network it is normalised.
    """
    from torchvision import transforms

    contrast = 0.0 if hue else jitter
    return transforms.Compose([transforms.ColorJitter(jitter, contrast, jitter, hue), *_to_floats(pixels)])


def image_folder(root: str, split: str, recipe: Any) -> Any:
    """Returns the pictures of a split."""
    from torchvision.datasets import ImageFolder

    return ImageFolder(str(Path(root) / split), recipe)


def _to_floats(pixels: Pixels | None) -> list[Any]:
    from torchvision import transforms

    normalise = [] if pixels is None else [transforms.Normalize(pixels.mean, pixels.std)]
    return [transforms.ToTensor(), *normalise]
