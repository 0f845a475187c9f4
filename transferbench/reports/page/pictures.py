"""Pictures small enough to be part of a page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from transferbench.reports.page.story import TASK_WORDS, Contrast

_LONGEST_SIDE, _QUALITY = 360, 72


@dataclass(frozen=True)
class Thumbnail:
    """A picture with its words."""

    address: str
    """A `data:` address: nothing is fetched."""
    width: int
    height: int
    caption: str
    words: str
    """For who does not see it."""


@dataclass(frozen=True)
class Strip:
    """The truth and what two backbones made of it."""

    name: str
    """Of the picture in its data set."""
    pictures: tuple[Thumbnail, ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures on which the same backbone is right and the same other one wrong."""

    title: str
    strips: tuple[Strip, ...]


def galleries(contrasts: Sequence[Contrast]) -> list[Gallery]:
    """Returns a strip for each contrast, those of one task and one pair of backbones together, in order."""
    by_title: dict[str, list[Strip]] = {}
    for contrast in contrasts:
        task = TASK_WORDS.get(contrast.task, contrast.task).capitalize()
        title = f"{task}, seed {contrast.seed}: {contrast.right} right, {contrast.wrong} wrong"
        by_title.setdefault(title, []).append(_strip(contrast))
    return [Gallery(title, tuple(strips)) for title, strips in by_title.items()]


def _strip(contrast: Contrast) -> Strip:
    right, wrong = (f"{100 * worth:.0f} %" for worth in (contrast.worth_right, contrast.worth_wrong))
    parts = (
        (contrast.truth, "truth", f"The truth of {contrast.picture}."),
        (
            contrast.by_right,
            f"{contrast.right}: {right} right",
            f"What {contrast.right} made of {contrast.picture}, {right} right.",
        ),
        (
            contrast.by_wrong,
            f"{contrast.wrong}: {wrong} right",
            f"What {contrast.wrong} made of {contrast.picture}, {wrong} right.",
        ),
    )
    return Strip(contrast.picture, tuple(thumbnail(*part) for part in parts))


def thumbnail(content: bytes, caption: str, words: str) -> Thumbnail:
    """Returns a picture made small, as WebP.

    Args:
        content: of a picture file of any kind that Pillow reads.
        caption: under the picture.
        words: that stand for it.
    """
    from PIL import Image

    with Image.open(BytesIO(content)) as file:
        picture = file.convert("RGB")
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    encoded = BytesIO()
    picture.save(encoded, "WEBP", quality=_QUALITY, method=6)
    address = f"data:image/webp;base64,{b64encode(encoded.getvalue()).decode()}"
    return Thumbnail(address, picture.width, picture.height, caption, words)
