"""What must hold of a file before its tensors go into a backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.likely import likely
from transferbench.backbones.weights.report import LoaderReport, insane, percent
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_STATISTICS = "*.running_*"
_LEAST_SHARE = 0.5
"""Of a backbone's numbers that a file must have, whatever may be missing."""


def require_whole(
    path: Path, report: LoaderReport, body: Mapping[str, Tensor], allow_missing: Sequence[str]
) -> None:
    """Refuses a file that is not the whole body, or lacks what was not allowed.

    Args:
        path: of the file.
        report: of it.
        body: its tensors.
        allow_missing: patterns of names that it may lack.

    Raises:
        WeightsError: tensors are missing, misshapen or unexpected, too few are there, or a pattern
            allows nothing.
    """
    if not report.is_full:
        is_short = not (report.misshapen or report.unexpected)
        leave = f", or, if that is meant, give --allow-missing {_leave(report)!r}" if is_short else ""
        raise WeightsError(
            f"{path}: expected the weights of {report.arch!r}, found {percent(report.share_loaded)} of them; "
            f"tensors: {report.faults()}; {likely(body, asked=report.arch)}take another file{leave}"
        )
    if report.share_loaded < _LEAST_SHARE:
        raise WeightsError(
            f"{path}: expected at least half of the numbers of {report.arch!r}, whatever may be missing, "
            f"found {percent(report.share_loaded)}; take another file"
        )
    for pattern in allow_missing:
        names = [*report.allowed_missing, *(name for name in body if name.endswith("running_var"))]
        if not any(fnmatchcase(name, pattern) for name in names):
            raise WeightsError(
                f"{path}: expected --allow-missing {pattern!r} to name tensors that the file lacks, "
                "found that it lacks none of these; leave it out"
            )


def _leave(report: LoaderReport) -> str:
    """Returns a pattern that lets pass what is missing, if it is statistics alone, or the first of it."""
    are_statistics = all(fnmatchcase(name, _STATISTICS) for name in report.missing)
    return _STATISTICS if are_statistics else report.missing[0]


def require_sane(path: Path, tensors: Mapping[str, Tensor], allow_missing: Sequence[str]) -> None:
    """Refuses tensors that no trained network has.

    Raises:
        WeightsError: values are not finite, or statistics of batch norm are not those of a training.
    """
    fault = insane(tensors, allow_missing=allow_missing)
    if fault is not None:
        raise WeightsError(
            f"{path}: expected the weights of a trained network, found {fault}; "
            "take another file or an earlier run"
        )


def require_classes(path: Path, head: Mapping[str, Tensor], hints: Hints) -> None:
    """Refuses a classifier of another number of classes than its source says.

    Raises:
        WeightsError: the two numbers differ.
    """
    if hints.classes is not None and "weight" in head and len(head["weight"]) != hints.classes:
        raise WeightsError(
            f"{path}: expected a classifier of {hints.classes} classes, as {hints.told_by} says, "
            f"found one of {len(head['weight'])}; take another file"
        )
