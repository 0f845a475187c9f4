"""Where the files of pictures are."""

from __future__ import annotations

from pathlib import Path

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
"""Of pictures, in small letters."""
_OF_VOC = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG")


def pictures_in(folder: Path) -> list[Path]:
    """Returns the pictures of a folder and of those in it, in order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and path.is_file()
    )


def voc_picture(folder: Path, stem: str) -> Path:
    """Returns the picture of a name in the layout of Pascal VOC; where it should be if there is none."""
    candidates = [folder / "JPEGImages" / f"{stem}{suffix}" for suffix in _OF_VOC]
    return next((path for path in candidates if path.is_file()), candidates[0])
