"""Rows of other tools for `transferbench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from transferbench.reports.comparing.detectron import VocRule
    from transferbench.reports.comparing.foreign import ForeignRow
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.catalog import TaskName

_DEPARTS = " ("
"""Between a protocol and what departs from it."""

Foreign = Annotated[
    list[str] | None,
    typer.Option(
        "--foreign",
        metavar="[NAME=]FILE",
        help="Scores of another tool, as marked rows (repeatable): a .csv with the columns recipe, score, "
        "value or percent, and perhaps seed, protocol, source; Detectron2's metrics.json; or predictions "
        "that `evaluate --predictions` takes, with --protocol and --data. NAME is the row's.",
    ),
]
ForeignProtocol = Annotated[
    str,
    typer.Option(
        "--protocol",
        metavar="NAME",
        help="That files of --foreign obey, where they do not say it themselves.",
    ),
]
ForeignData = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data that predictions of --foreign are scored on."),
]


def foreign_rows(
    files: Sequence[str] | None, *, protocol: str = "", data: Path | None = None
) -> list[ForeignRow]:
    """Returns the rows of other tools' files.

    Args:
        files: each as `FILE` or `NAME=FILE`.
        protocol: that they are said to obey where they do not say it; predictions are scored by it.
        data: folder that predictions are scored on.

    Raises:
        ConfigError: there is no such protocol, or protocol or data are given without effect or are missing.
        DataError: a file or the data are missing or malformed.
    """
    from transferbench.errors import ConfigError

    if not files and (protocol or data is not None):
        raise ConfigError(
            f"{'--protocol' if protocol else '--data'}: expected it with --foreign FILE, found no such file; "
            "leave it out"
        )
    return [row for text in files or () for row in _rows(*_named(text), protocol, data)]


def _named(text: str) -> tuple[str | None, Path]:
    name, equals, file = text.partition("=")
    return (name, Path(file)) if equals and name and not Path(text).exists() else (None, Path(text))


def _rows(name: str | None, path: Path, protocol: str, data: Path | None) -> list[ForeignRow]:
    from transferbench.errors import ConfigError
    from transferbench.reports.comparing.foreign import read_csv

    if path.suffix.lower() == ".csv":
        if name is not None:
            raise ConfigError(
                f"--foreign {name}={path}: expected no name before a table, whose lines name their rows, "
                f"found {name!r}; leave it out"
            )
        return read_csv(path, protocols=_keys(protocol))
    if path.is_dir() or not _starts_with_a_brace(path):
        return [_scored(name or path.stem, path, protocol, data)]

    from transferbench.reports.comparing.detectron import read_detectron

    own_name = path.parent.resolve().name if path.stem == "metrics" else path.stem
    return read_detectron(
        path, name=name or own_name, protocols=_keys(protocol), voc_rule=_voc_rule(protocol)
    )


def _starts_with_a_brace(path: Path) -> bool:
    """Returns whether a file holds an object a line, as Detectron2's metrics, and not a list of boxes."""
    from transferbench.reports.comparing.foreign import read_bytes

    return read_bytes(path)[:64].lstrip().startswith(b"{")


def _keys(protocol: str) -> dict[str, str]:
    """Returns name and version of a protocol by task, and what is said to depart from it in brackets."""
    name, bracket, departures = protocol.partition(_DEPARTS)
    return {task: f"{rules.key}{bracket}{departures}" for task, rules in _protocols(name).items()}


def _protocols(name: str) -> dict[TaskName, TaskProtocol]:
    """Returns the protocols that have a name, by task; none for no name.

    Raises:
        ConfigError: there is none of that name.
    """
    from transferbench.recipes.load import load_protocol, tasks_of

    if not name:
        return {}
    tasks: list[TaskName] = tasks_of(name) or ["detect"]  # which then says that there is none
    return {task: load_protocol(task, name) for task in tasks}


def _voc_rule(protocol: str) -> VocRule | None:
    """Returns which rule a detection protocol's pictures ask for: that of VOC 2007, or that since."""
    from transferbench.tasks.detect.settings import DetectProtocol

    rules = _protocols(protocol.partition(_DEPARTS)[0]).get("detect")
    if not isinstance(rules, DetectProtocol) or rules.data.layout != "voc":
        return None
    years = {image_set.partition("/")[0] for image_set in rules.data.score}
    return "detect/map_voc07" if years == {"VOC2007"} else "detect/map_area"


def _scored(name: str, path: Path, protocol: str, data: Path | None) -> ForeignRow:
    """Returns the row of another tool's predictions, scored by a protocol."""
    from transferbench.errors import ConfigError
    from transferbench.reports.comparing.foreign import ForeignRow, sha256_of
    from transferbench.runs.rescore import rescore_foreign

    if not protocol or data is None:
        raise ConfigError(
            f"--foreign {path}: expected --protocol NAME and --data DIR with predictions, found no "
            f"{'--data' if protocol else '--protocol'}; give both"
        )
    rules = _protocols(protocol)
    wanted = "segment" if path.is_dir() and any(path.rglob("*.png")) else "detect"
    task = next((task for task in rules if task == wanted), next(iter(rules)))
    rescored = rescore_foreign(rules[task], data, path)
    scores = {score: {0: value} for score, value in rescored.outcome.scores.items()}
    source = f"{path}, scored here on {rescored.task.data.root}"
    sha256 = sha256_of(path)
    return ForeignRow(name, task, rescored.protocol, scores, source, sha256, rescored.remarks, "scoring")
