"""Warmup of the learning rate."""

from dataclasses import replace
from typing import ClassVar

from pydantic import PositiveFloat

from transferbench.tricks.base import Progress, Schedule, Trick


def warm_up(schedule: Schedule, epochs: float) -> Schedule:
    """Returns `schedule` with a linear rise from zero to the peak over its first epochs.

    A schedule that counts absolute epochs (step) keeps its epochs; one that runs from the peak to
    the end (cosine) starts after the warmup.

    Args:
        schedule: what follows.
        epochs: length of the rise, above 0.

    Source:
        Goyal et al. 2017, section 2.2; He et al. 2019, section 3.1.
    """

    def share(progress: Progress) -> float:
        if progress.epoch < epochs:
            return progress.epoch / epochs
        return schedule(replace(progress, warmup_epochs=epochs))

    return share


class Warmup(Trick):
    """Raises the rate linearly from zero, so that a large rate meets no random network."""

    source: ClassVar[str] = "Goyal et al. 2017, section 2.2; He et al. 2019, section 3.1"
    epochs: PositiveFloat = 5.0

    def reshape_schedule(self, schedule: Schedule) -> Schedule:
        return warm_up(schedule, self.epochs)
