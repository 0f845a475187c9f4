"""Cosine decay of the learning rate."""

from math import cos, pi
from typing import ClassVar

from transferbench.tricks.base import Progress, Schedule, Trick


def cosine_decay(progress: Progress) -> float:
    """Returns (1 + cos(pi t / T)) / 2, where t and T leave out the warmup.

    Source:
        Loshchilov & Hutter 2017; He et al. 2019, section 5.1.
    """
    t = progress.epoch - progress.warmup_epochs
    return 0.5 * (1 + cos(pi * t / (progress.epochs - progress.warmup_epochs)))


class Cosine(Trick):
    """Replaces the plan's schedule by half a cosine, which stays high for long and ends at zero."""

    source: ClassVar[str] = "Loshchilov & Hutter 2017; He et al. 2019, section 5.1"

    def reshape_schedule(self, schedule: Schedule) -> Schedule:
        return cosine_decay
