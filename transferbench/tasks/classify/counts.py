"""How many pictures the published data sets have. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One split as it was published."""

    pictures: int
    classes: int
    least: int
    """Pictures of the smallest class."""
    most: int
    """Pictures of the largest class."""


PUBLISHED: dict[str, dict[str, Published]] = {
    # Russakovsky et al. 2015, table 2
    "imagenet": {
        "train": Published(1_281_167, classes=1000, least=732, most=1300),
        "val": Published(50_000, classes=1000, least=50, most=50),
    },
    # Zhou et al. 2017 and the development kit of Places365-Standard; not verified against either
    "places365": {
        "train": Published(1_803_460, classes=365, least=3068, most=5000),
        "val": Published(36_500, classes=365, least=100, most=100),
    },
}
"""By the name of the protocol."""
