"""The 1,000 classes of ImageNet, by the synsets of WordNet."""

from __future__ import annotations

import re
from pathlib import Path

OPEN_PROTOCOL = "pictures@1"
"""Takes any classes, where `imagenet@1` wants all of ImageNet's."""
NO_SYNSET = -1
_SYNSET = re.compile(r"(?:^|[_/])n(\d{8})(?=[_./]|$)")


def imagenet_synsets() -> list[str]:
    """Returns the 1,000 synsets in the order of a classifier's outputs, which is alphabetical."""
    return Path(__file__).with_name("imagenet_synsets.txt").read_text().split()


def synset_number(name: str) -> int:
    """Returns the number in the synset that a name begins with or holds between underscores, or -1.

    `n01440764_10026.JPEG` and `ILSVRC2012_val_00000293_n01440764.JPEG` both give 1440764.
    """
    found = _SYNSET.search(name)
    return int(found[1]) if found else NO_SYNSET


def synset_of(number: int) -> str:
    """Returns the synset of a number, as `n01440764`."""
    return f"n{number:08d}"
