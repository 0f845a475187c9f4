"""Pictures on which one run is right and another wrong. Torch is imported where they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from transferbench.errors import RunError
from transferbench.runs.resample import Replicates, replicates_of

if TYPE_CHECKING:
    import numpy as np

LEAST_GAP = 0.1
"""Below it, neither run is right where the other is wrong."""


@dataclass(frozen=True)
class Drawn:
    """A picture as it is, as one run saw it, and as another did."""

    name: str
    truth: bytes
    """A PNG, as the next two."""
    by_right: bytes
    by_wrong: bytes
    worth_right: float
    """How right, in [0, 1]: see `Replicates.of_picture_N`."""
    worth_wrong: float
    is_first_right: bool


def drawn_contrasts(first: Path, second: Path, count: int, back: int = 0) -> list[Drawn]:
    """Returns the pictures on which one run does most better than another, greatest gap first.

    Args:
        first: folder of a run.
        second: folder of the other run, on the same split.
        count: of pictures on which the first is right, at most.
        back: of pictures on which the second is right, at most; they follow the others.

    Raises:
        RunError: a run is not finished, kept nothing of each picture, or was scored on other pictures.
        DataError: the data are not there, or not those of the run.
    """
    kept = ours, theirs = _kept(first), _kept(second)
    if ours.pictures != theirs.pictures:
        raise RunError(
            f"{second}: expected a run on the {len(ours.pictures)} pictures of {first}, found one on others; "
            "give two runs on one split"
        )
    ahead = most_apart(ours.of_picture_N, theirs.of_picture_N, count)
    behind = most_apart(theirs.of_picture_N, ours.of_picture_N, back)
    chosen = [*ahead, *behind]
    if not chosen:
        return []
    truths, *views = _drawn((first, second), chosen)
    sides = [0] * len(ahead) + [1] * len(behind)
    return [
        Drawn(
            ours.pictures[index],
            truths[place],
            views[right][place],
            views[1 - right][place],
            float(kept[right].of_picture_N[index]),
            float(kept[1 - right].of_picture_N[index]),
            is_first_right=right == 0,
        )
        for place, (index, right) in enumerate(zip(chosen, sides, strict=True))
    ]


def most_apart(right_N: np.ndarray, wrong_N: np.ndarray, count: int) -> list[int]:
    """Returns the pictures on which the first is better by most, and by a tenth at least.

    Of equal gaps the picture that the first does better comes first, then the earlier one. Pictures of
    which nothing can be said, nan, are left out.

    Args:
        right_N: how well each picture went, in [0, 1].
        wrong_N: the same of the other.
        count: of pictures, at most.
    """
    gaps = {
        i: float(a - b) for i, (a, b) in enumerate(zip(right_N, wrong_N, strict=True)) if a - b >= LEAST_GAP
    }
    return sorted(gaps, key=lambda i: (-gaps[i], -float(right_N[i]), i))[:count]


def _kept(folder: Path) -> Replicates:
    found = replicates_of(folder)
    if found is None:
        raise RunError(
            f"{folder}: expected what is kept of each picture, found a run of an older version; do it again "
            "with --overwrite"
        )
    return found


def _drawn(runs: tuple[Path, Path], chosen: Sequence[int]) -> list[list[bytes]]:
    """Returns PNGs of the truth of pictures, of what the first run saw in them, and the second."""
    from transferbench.runs.outcome import PREDICTIONS_FILE
    from transferbench.runs.record import finished_record
    from transferbench.runs.rescore import opened, read_predictions

    task = opened(finished_record(runs[0]), data=None)
    views: list[list[bytes]] = []
    for folder in runs:
        with TemporaryDirectory() as name:
            task.draw_chosen(read_predictions(folder / PREDICTIONS_FILE), chosen, Path(name))
            kinds = ("truth", "predicted") if not views else ("predicted",)
            for kind in kinds:
                files = (Path(name) / f"{kind}_{place}.png" for place in range(len(chosen)))
                views.append([file.read_bytes() for file in files])
    return views
