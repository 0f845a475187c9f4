"""How large a world is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

SizeName = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class Size:
    """Numbers of pictures and their sides in pixels; every picture is square."""

    name: str
    imagenet_train: int
    imagenet_val: int
    imagenet_pixels: int
    voc2007_trainval: int
    voc2007_test: int
    voc2012_trainval: int
    ade_training: int
    ade_validation: int
    scene_pixels: int
    unit: float = 1
    """Pixels that stand for one pixel of the small size: what is drawn grows with the picture."""

    @property
    def pictures(self) -> int:
        """Number of pictures of all data sets."""
        voc = self.voc2007_trainval + self.voc2007_test + self.voc2012_trainval
        return self.imagenet_train + self.imagenet_val + voc + self.ade_training + self.ade_validation

    @property
    def bytes_expected(self) -> int:
        """About the room that it takes on a disk with blocks of 4 KiB, on the safe side."""
        scenes = self.pictures - self.imagenet_train - self.imagenet_val
        return round((self.pictures * 8192 + scenes * 16384) * self.unit**2)

    def as_dict(self) -> dict[str, str | float]:
        """Returns what `miniature.json` remembers of it."""
        return asdict(self)


SIZES: dict[SizeName, Size] = {
    "small": Size(
        name="small",
        imagenet_train=4000,
        imagenet_val=600,
        imagenet_pixels=64,
        voc2007_trainval=240,
        voc2007_test=150,
        voc2012_trainval=240,
        ade_training=600,
        ade_validation=100,
        scene_pixels=128,
    ),
    "medium": Size(
        name="medium",
        imagenet_train=12_000,
        imagenet_val=2_400,
        imagenet_pixels=64,
        voc2007_trainval=600,
        voc2007_test=600,
        voc2012_trainval=600,
        ade_training=960,
        ade_validation=400,
        scene_pixels=128,
    ),
    "large": Size(
        name="large",
        imagenet_train=48_000,
        imagenet_val=9_600,
        imagenet_pixels=128,
        voc2007_trainval=2_400,
        voc2007_test=2_400,
        voc2012_trainval=2_400,
        ade_training=3_840,
        ade_validation=1_600,
        scene_pixels=256,
        unit=2,
    ),
}
