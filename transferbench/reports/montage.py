"""Pictures side by side: a labelled grid as one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.runs.record import write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image

TILE_PIXELS = 160
"""Height of every tile."""

GAP_PIXELS = 6
LABEL_PIXELS = 17
TITLE_PIXELS = 21
"""Heights of letters, about."""


def montage(rows: Sequence[tuple[str, Sequence[Path]]], path: Path, title: str) -> None:
    """Writes a grid of pictures as PNG, whole or not at all.

    Tiles are brought to one height and keep their shape; a column is as wide as its widest tile.

    Args:
        rows: label at the left, as `truth` or a recipe, and the pictures of each row from left to right.
        path: of the file to write.
        title: printed above the grid.

    Raises:
        ValueError: there is no picture.
    """
    tiles = [[_tile(picture) for picture in pictures] for _, pictures in rows]
    if not any(tiles):
        raise ValueError("a montage needs at least one picture")
    content = BytesIO()
    _grid([label for label, _ in rows], tiles, title).save(content, "PNG")
    write_atomically(path, content.getvalue())


def _tile(path: Path) -> Image:
    from PIL import Image

    with Image.open(path) as picture:
        width = max(1, round(picture.width * TILE_PIXELS / picture.height))
        return picture.convert("RGB").resize((width, TILE_PIXELS), Image.Resampling.LANCZOS)


def _grid(labels: Sequence[str], tiles: Sequence[Sequence[Image]], title: str) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    label_font, title_font = ImageFont.load_default(LABEL_PIXELS), ImageFont.load_default(TITLE_PIXELS)
    top = 2 * GAP_PIXELS + 2 * TITLE_PIXELS
    left = 4 * GAP_PIXELS + max(int(label_font.getlength(label)) for label in labels)
    columns = max(map(len, tiles))
    widths = [max(row[i].width for row in tiles if i < len(row)) for i in range(columns)]
    right = left + sum(width + GAP_PIXELS for width in widths)
    width = max(right, 3 * GAP_PIXELS + int(title_font.getlength(title)))
    canvas = Image.new("RGB", (width + GAP_PIXELS, top + len(tiles) * (TILE_PIXELS + GAP_PIXELS)), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((2 * GAP_PIXELS, top / 2), title, fill="black", font=title_font, anchor="lm")
    for row, (label, pictures) in enumerate(zip(labels, tiles, strict=True)):
        y = top + row * (TILE_PIXELS + GAP_PIXELS)
        draw.text((2 * GAP_PIXELS, y + TILE_PIXELS / 2), label, fill="black", font=label_font, anchor="lm")
        x = left
        for picture, column_width in zip(pictures, widths, strict=False):
            canvas.paste(picture, (x + (column_width - picture.width) // 2, y))
            x += column_width + GAP_PIXELS
    return canvas
