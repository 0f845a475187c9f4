"""`transferbench evaluate`: scores from predictions that are there, of a run or of another tool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferbench.cli.failures import told
from transferbench.cli.sizes import signed

if TYPE_CHECKING:
    from rich.table import Table

    from transferbench.cli.against import Against
    from transferbench.runs.rescore import Rescored
    from transferbench.tasks.catalog import TaskName

_FORMATS = ("text", "json")


@told
def evaluate(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="Folder of a finished run, to be scored again.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="What another tool predicted, in place of RUN. Of detections: COCO's results in JSON, a "
            "folder of the devkit's comp4_det_test_CLASS.txt, or a predictions.npz. Of segmentation: a "
            "folder of PNG masks in the data set's own values, each named as its picture.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Data folder; that of RUN if left out.")
    ] = None,
    protocol: Annotated[
        str, typer.Option(metavar="NAME", help="As voc07-c4@1 (see `list protocols`), or a .toml file.")
    ] = "",
    task: Annotated[
        str,
        typer.Option(metavar="NAME", help="detect or segment, where both have a protocol of that name."),
    ] = "",
    against: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Another run by the same protocol; differences from it are told."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Score predictions again, without a network: all scores, each class, AP lost to each kind of error."""
    from transferbench.cli import requests
    from transferbench.cli.against import against as beside

    requests.require_format(form, _FORMATS)
    rescored = _rescored(run, predictions, data, (protocol, task))
    other = None if against is None else beside(rescored, run, against, data)
    if form == "json":
        print(json.dumps(_content(rescored, other), indent=1))
        return
    _tell(rescored, other)


def _rescored(
    run: Path | None, predictions: Path | None, data: Path | None, asked: tuple[str, str]
) -> Rescored:
    from transferbench.errors import ConfigError
    from transferbench.recipes.load import load_protocol
    from transferbench.runs.rescore import rescore_foreign, rescore_run

    protocol, task = asked
    if (run is None) == (predictions is None):
        found = "neither" if run is None else "both"
        raise ConfigError(f"evaluate: expected RUN or --predictions PATH, found {found}; give one of them")
    if run is not None:
        if protocol or task:
            raise ConfigError(
                f"{run}: a run is scored by the protocol that it obeyed, found --protocol or --task as well; "
                "leave it out"
            )
        return rescore_run(run, data)
    assert predictions is not None
    if data is None or not protocol:
        raise ConfigError("--predictions: expected --data DIR and --protocol NAME with it; give both")
    rules = load_protocol(_task_of(protocol, task), protocol)
    return rescore_foreign(rules, data, predictions)


def _task_of(protocol: str, task: str) -> TaskName:
    """Returns the task that a protocol is of: the one that was asked for, or the only one that has it."""
    from transferbench.errors import ConfigError
    from transferbench.recipes.load import tasks_of
    from transferbench.tasks.catalog import TASKS

    asked: list[TaskName] = [name for name in TASKS if name == task]
    if task and not asked:
        raise ConfigError(f"--task: expected one of {', '.join(TASKS)}, found {task!r}")
    having = asked or [name for name in tasks_of(protocol) if name != "classify"] or ["detect"]
    if len(having) > 1:
        raise ConfigError(
            f"--protocol {protocol}: expected the name of one protocol, found one each of "
            f"{' and of '.join(having)}; give --task"
        )
    return having[0]


def _content(rescored: Rescored, other: Against | None) -> dict[str, Any]:
    from transferbench.cli.against import as_json

    outcome = rescored.outcome
    content: dict[str, Any] = {
        "protocol": rescored.protocol,
        "data": rescored.task.data.root,
        "pictures": rescored.task.data.pictures["score"],
        "scores": dict(outcome.scores),
        "per_class": {name: dict(values) for name, values in outcome.per_class.items()},
        "remarks": list(rescored.remarks),
    }
    if other is not None:
        content |= as_json(other)
    return content


def _tell(rescored: Rescored, other: Against | None) -> None:
    from transferbench.cli.console import err, out, wide_out
    from transferbench.runs.record import SCORES

    data = rescored.task.data
    for line in (
        f"{rescored.protocol}, {data.pictures['score']:,} pictures of {data.root}; scores in percent",
        *([] if other is None else _lines_of_other(other)),
    ):
        out.print(line, markup=False, soft_wrap=True)
    for remark in rescored.remarks:
        err.print(remark, markup=False, soft_wrap=True)
    for name, value in rescored.outcome.scores.items():
        title = SCORES[name].title if name in SCORES else name
        out.print(f"{title:>24} {100 * value:7.2f}{_difference(other, name)}   {name}", markup=False)
    wide_out().print(_by_class(rescored.outcome.per_class, {} if other is None else other.per_class))
    _tell_change(rescored)


def _lines_of_other(found: Against) -> list[str]:
    """Returns what makes differences readable: from what they are, and what stands in brackets."""
    record = found.other.record
    assert record is not None
    brackets = (
        "in brackets, 95 % intervals over pictures"
        if found.over_pictures
        else f"no intervals: {found.why_no_interval}"
    )
    return [f"differences, signed: from {record.recipe}, seed {record.seed}, by {record.protocol}", brackets]


def _difference(other: Against | None, name: str) -> str:
    """Returns a signed difference and, where there is one, its interval."""
    if other is None or name not in other.difference:
        return ""
    low, high = other.over_pictures.get(name, (None, None))
    interval = "" if low is None or high is None else f" [{signed(100 * low)}, {signed(100 * high)}]"
    width = 17 if other.over_pictures else 0
    return f"  {signed(100 * other.difference[name]):>6}{interval:<{width}}"


def _by_class(
    per_class: Mapping[str, Mapping[str, float | None]],
    differences: Mapping[str, Mapping[str, float | None]],
) -> Table:
    """Returns a table with a line a class: the scores that tell most, before them the numbers of objects.

    Differences take the place of the numbers, for which there is no room beside them.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from transferbench.runs.record import SCORES

    scores = [name for name in per_class if name in SCORES and not SCORES[name].is_detail]
    counts = [] if differences else [name for name in per_class if name not in SCORES]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("class")
    for name in (*counts, *scores):
        title = SCORES[name].title if name in SCORES else name.partition("/")[2].replace("_", " ")
        table.add_column(title, justify="right")
    for label in next(iter(per_class.values())):
        numbers = [f"{per_class[name][label] or 0:.0f}" for name in counts]
        shown = [
            _percent(per_class[name].get(label), differences.get(name, {}).get(label)) for name in scores
        ]
        table.add_row(label, *numbers, *shown)
    return table


def _percent(value: float | None, difference: float | None = None) -> str:
    """Returns a score of a class and, behind it, what it has more than the other run's."""
    if value is None:
        return "-"
    return f"{100 * value:.1f}" + ("" if difference is None else f" {signed(100 * difference, 1)}")


def _tell_change(rescored: Rescored) -> None:
    """Says where the scores are not those that the run's record has."""
    from transferbench.cli.console import err

    recorded: Mapping[str, float] = {} if rescored.record is None else rescored.record.scores
    changed: Sequence[str] = [
        f"{name} {recorded[name]:.6f}"
        for name, value in rescored.outcome.scores.items()
        if name in recorded and abs(recorded[name] - value) > 1e-9
    ]
    if changed:
        err.print(f"the run's record has other numbers: {', '.join(changed)}", markup=False, soft_wrap=True)
