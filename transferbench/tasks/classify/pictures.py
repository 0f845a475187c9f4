"""Pictures with what they show and what the network took them for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from transferbench.tasks.base import Predictions
from transferbench.tasks.classify.sources.source import Source
from transferbench.tasks.decode import decode_rgb

_SIDE = 192
_BAR = 22


def draw_guesses(
    source: Source,
    indices: Sequence[int],
    predictions: Predictions,
    classes: Sequence[str],
    folder: Path,
) -> None:
    """Writes `truth_0.png`, `predicted_0.png`, ... for the pictures at `indices`."""
    for place, index in enumerate(indices):
        picture = Image.fromarray(decode_rgb(source.read(index), source.name(index)))
        picture = picture.resize((_SIDE, _SIDE))
        truth = classes[source.labels[index]]
        guess = classes[int(predictions["ranked"][index, 0])]
        _captioned(picture, truth).save(folder / f"truth_{place}.png")
        mark = "right" if guess == truth else "wrong"
        _captioned(picture, f"{guess} ({mark})").save(folder / f"predicted_{place}.png")


def _captioned(picture: Image.Image, caption: str) -> Image.Image:
    canvas = Image.new("RGB", (picture.width, picture.height + _BAR), "white")
    canvas.paste(picture, (0, 0))
    ImageDraw.Draw(canvas).text(
        (4, picture.height + 3), caption, fill="black", font=ImageFont.load_default(13)
    )
    return canvas
