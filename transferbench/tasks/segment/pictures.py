"""Pictures under the colours of their labels: alone, beside the picture, and beside the truth.

Dimension key: H x W pixels, 3 colours, V = 256 values of a label.
Convention: labels of 255 are ignored where they are the truth, and of no class where they are predicted. They
are hatched in two greys, so that they look like no class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from transferbench.tasks.base import ClassMarks
from transferbench.tasks.drawing import INK, Box, Colour, Entry, beside, sample
from transferbench.tasks.segment.captions import captioned
from transferbench.tasks.segment.sources.masks import IGNORED, VALUES

_SHORT_SIDE, _LONG_SIDE = 256, 640
"""Pictures with a smaller side are enlarged, by a whole factor; none is larger, nor enlarged beyond it."""
_LONG_SIDE_OF_TWO = 960
_COLOUR_SHARE = 0.7
_CLASSES_TOLD = 12
_HATCH = (128, 208)
_HATCH_PIXELS = 4
# Dark on light: told apart without colour too.
_WRONG: Colour = (150, 0, 40)
_RIGHT: Colour = (232, 232, 232)
_FAINT = 0.25


@dataclass(frozen=True)
class Palette:
    """Classes and their colours."""

    classes: Sequence[str]
    colours_V3: np.ndarray
    """uint8; of each label."""

    @classmethod
    def of(cls, classes: Sequence[str], marks: ClassMarks) -> Palette:
        """Returns the palette of a data set."""
        colours_V3 = np.full((VALUES, 3), _HATCH[0], np.uint8)
        for label, colour in enumerate(marks.colours):
            colours_V3[label] = ImageColor.getrgb(colour)[:3]
        return cls(tuple(classes), colours_V3)


def overlay(
    picture_HW3: np.ndarray, labels_HW: np.ndarray, palette: Palette, *, longest: int = _LONG_SIDE
) -> Image.Image:
    """Returns a picture under the colours of its labels; what has none is hatched.

    Args:
        picture_HW3: the picture.
        labels_HW: its labels.
        palette: colours of the labels.
        longest: side in pixels that is not exceeded; small pictures are enlarged by a whole factor.
    """
    picture, labels = _shown(picture_HW3, longest), _shown(labels_HW, longest)
    mixed = _COLOUR_SHARE * palette.colours_V3[labels] + (1 - _COLOUR_SHARE) * picture
    return _hatched(mixed.astype(np.uint8), labels == IGNORED)


def draw_prediction(picture_HW3: np.ndarray, labels_HW: np.ndarray, palette: Palette) -> Image.Image:
    """Returns a picture, beside it what its pixels are taken for, and a legend."""
    longest, areas_V = _LONG_SIDE_OF_TWO, _areas(labels_HW)
    drawn = overlay(picture_HW3, labels_HW, palette, longest=longest)
    panels = [
        ("input", Image.fromarray(_shown(picture_HW3, longest))),
        ("predicted", captioned(drawn, _shown(labels_HW, longest), _largest(areas_V, palette))),
    ]
    return beside(panels, title="", legend=_legend(areas_V, palette))


def draw_comparison(
    picture_HW3: np.ndarray,
    truth_HW: np.ndarray,
    predicted_HW: np.ndarray,
    palette: Palette,
    *,
    title: str = "",
) -> Image.Image:
    """Returns a picture, its truth, the prediction and where the two differ, side by side above a legend.

    Of right pixels the error map keeps a faint grey of the picture; wrong ones are dark.

    Args:
        picture_HW3: the picture.
        truth_HW: its labels.
        predicted_HW: labels that it was given.
        palette: colours of the labels.
        title: above all, as the picture's name.
    """
    picture, truth, predicted = (_shown(each, _LONG_SIDE) for each in (picture_HW3, truth_HW, predicted_HW))
    grey_HW1 = picture.mean(axis=2, keepdims=True)
    faint = (255 - _FAINT * (255 - grey_HW1)).astype(np.uint8).repeat(3, axis=2)
    errors = np.where((truth != predicted)[..., None], np.array(_WRONG, np.uint8), faint)
    areas_V = _areas(truth_HW) + _areas(predicted_HW)
    names = _largest(areas_V, palette)
    panels = [
        ("input", Image.fromarray(picture)),
        *(
            (heading, captioned(_hatched(palette.colours_V3[labels], labels == IGNORED), labels, names))
            for heading, labels in (("truth", truth), ("predicted", predicted))
        ),
        (_told_errors(truth_HW, predicted_HW), _hatched(errors, truth == IGNORED)),
    ]
    hatched = [
        words
        for words, labels_HW in (("ignored", truth_HW), ("of no class", predicted_HW))
        if (labels_HW == IGNORED).any()
    ]
    legend = [
        *_legend(areas_V, palette),
        *([Entry(" or ".join(hatched), sample(_hatch))] if hatched else []),
        Entry("wrong", sample(lambda picture, box: _fill(picture, box, _WRONG))),
        Entry("right", sample(lambda picture, box: _fill(picture, box, _RIGHT))),
    ]
    return beside(panels, title=title, legend=legend)


def _shown(array: np.ndarray, longest: int) -> np.ndarray:
    """Returns a picture (H, W, 3) or labels (H, W) in the size in which they are drawn."""
    height, width = array.shape[:2]
    factor: float = math.ceil(_SHORT_SIDE / min(height, width))
    if factor * max(height, width) > longest:
        factor = max(1, longest // max(height, width))
    if factor * max(height, width) > longest:
        factor = longest / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    way = Image.Resampling.NEAREST if array.ndim == 2 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(array).resize(size, way))


def _hatched(drawn_HW3: np.ndarray, is_hatched_HW: np.ndarray) -> Image.Image:
    """Returns a drawing with diagonal stripes, as they show on white paper and beside any grey."""
    height, width = is_hatched_HW.shape
    stripe_HW = (np.arange(height)[:, None] + np.arange(width)) // _HATCH_PIXELS % 2
    stripes_HW1 = np.array(_HATCH, np.uint8)[stripe_HW][..., None]
    return Image.fromarray(np.where(is_hatched_HW[..., None], stripes_HW1, drawn_HW3))


def _areas(labels_HW: np.ndarray) -> np.ndarray:
    """Returns the number of pixels of each label, (V,)."""
    return np.bincount(labels_HW.ravel(), minlength=VALUES)


def _largest(areas_V: np.ndarray, palette: Palette) -> dict[int, str]:
    """Returns the names of the classes with the largest areas by their labels."""
    present = [label for label in range(len(palette.classes)) if areas_V[label]]
    largest = sorted(present, key=lambda label: -areas_V[label])[:_CLASSES_TOLD]
    return {label: palette.classes[label] for label in largest}


def _legend(areas_V: np.ndarray, palette: Palette) -> list[Entry]:
    """Returns the classes with the largest areas and the number of the others."""
    told = _largest(areas_V, palette)
    others = int((areas_V[: len(palette.classes)] > 0).sum()) - len(told)
    return [
        *(Entry(name, _swatch(palette.colours_V3[label])) for label, name in told.items()),
        *([Entry(f"and {others} more")] if others else []),
    ]


def _swatch(colour_3: np.ndarray) -> Image.Image:
    red, green, blue = colour_3.tolist()
    return sample(lambda picture, box: _fill(picture, box, (red, green, blue)))


def _fill(picture: Image.Image, box: Box, colour: Colour) -> None:
    ImageDraw.Draw(picture).rectangle(box, fill=colour, outline=INK)


def _hatch(picture: Image.Image, box: Box) -> None:
    _fill(picture, box, INK)
    left, top, right, bottom = (int(edge) for edge in box)
    size_HW = bottom - top - 1, right - left - 1
    hatched = _hatched(np.zeros((*size_HW, 3), np.uint8), np.ones(size_HW, bool))
    picture.paste(hatched, (left + 1, top + 1))


def _told_errors(truth_HW: np.ndarray, predicted_HW: np.ndarray) -> str:
    is_labelled_HW = truth_HW != IGNORED
    if not is_labelled_HW.any():
        return "no labelled pixel"
    wrong = float((truth_HW != predicted_HW)[is_labelled_HW].mean())
    return f"wrong: {100 * wrong:.1f} % of the labelled pixels"
