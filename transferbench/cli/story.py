"""Runs of folders to what the page tells."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.errors import TransferbenchError

if TYPE_CHECKING:
    from transferbench.cli.comparing import Compared
    from transferbench.reports.page.story import Contrast, Story
    from transferbench.reports.rows import Comparison, Row
    from transferbench.runs.record import Record

_SEEDS_OF_CURVES = 5
"""Of each row; more would take long to read and change no curve."""
_PICTURES, _PICTURES_BACK = 4, 2
"""On which the best backbone is right and its rival wrong, and the other way round."""


def story_of(found: Compared, folders: Sequence[Path], baseline: str | None = None) -> Story:
    """Returns all that the page tells of finished runs.

    Args:
        found: the runs side by side, with the scores of single classes.
        folders: of suites or runs, that they were found in.
        baseline: that was asked for; None for the suite's own, or the first.
    """
    from transferbench.reports.page.story import Story

    comparison, runs, suite = found.comparison, found.runs, found.suite
    suite_file = {} if suite is None else {"suite.json": suite.model_dump_json(indent=1) + "\n"}
    contrasts, remarks = _contrasts(comparison, runs)
    return Story(
        comparison=comparison,
        records={record.identity: record for record in runs.values()},
        about="" if suite is None else suite.about,
        warning="" if suite is None else suite.note,
        losses=_losses(comparison, runs),
        contrasts=tuple(contrasts),
        commands=_commands(runs.values(), folders, baseline),
        files={**_numbers(comparison), **suite_file, "recipes.json": _recipes(runs.values())},
        remarks=tuple(remarks),
    )


def _losses(comparison: Comparison, runs: Mapping[Path, Record]) -> dict[str, list[tuple[float, float]]]:
    from transferbench.reports.page.history import thinned
    from transferbench.runs.metrics import FILE_NAME, read_metrics

    folders = {record.identity: path for path, record in runs.items()}
    wanted = [
        key
        for table in comparison.tables
        for row in table.rows
        for key in list(row.identities.values())[:_SEEDS_OF_CURVES]
    ]
    losses = {}
    for key in wanted:
        path = folders[key] / FILE_NAME
        if path.is_file():
            lines = read_metrics(path)
            losses[key] = thinned([(line["epoch"], line["loss"]) for line in lines])
    return losses


def _contrasts(comparison: Comparison, runs: Mapping[Path, Record]) -> tuple[list[Contrast], list[str]]:
    """Returns pictures of every table, and why there are none of some."""
    from transferbench.reports.page.verdict import rivals

    folders = {record.identity: path for path, record in runs.items()}
    found: list[Contrast] = []
    remarks: list[str] = []
    for table in comparison.tables:
        pair = rivals(table)
        if pair is None:
            continue
        try:
            found += _drawn(table.task, pair, folders)
        except TransferbenchError as error:
            reason = str(error).rpartition("; ")[0] or str(error)
            remarks.append(f"no pictures of {table.task}, {table.protocol}: {reason}")
    return found, remarks


def _drawn(task: str, pair: tuple[Row, Row], folders: Mapping[str, Path]) -> list[Contrast]:
    from transferbench.reports.page.story import Contrast
    from transferbench.runs.contrast import drawn_contrasts

    best, rival = pair
    common = [seed for seed in best.identities if seed in rival.identities]
    if not common:
        return []
    seed = common[0]
    ours, theirs = (folders[row.identities[seed]] for row in pair)
    return [
        Contrast(
            task=task,
            right=(best if drawn.is_first_right else rival).recipe,
            wrong=(rival if drawn.is_first_right else best).recipe,
            seed=seed,
            picture=drawn.name,
            truth=drawn.truth,
            by_right=drawn.by_right,
            by_wrong=drawn.by_wrong,
            worth_right=drawn.worth_right,
            worth_wrong=drawn.worth_wrong,
        )
        for drawn in drawn_contrasts(ours, theirs, _PICTURES, _PICTURES_BACK)
    ]


def _commands(records: Iterable[Record], folders: Sequence[Path], baseline: str | None) -> tuple[str, ...]:
    own = dict.fromkeys(str(record.machine.get("command", "")) for record in records)
    where = shlex.join([*map(str, folders), *(() if baseline is None else ("--baseline", baseline))])
    after = (f"transferbench compare {where}", f"transferbench report {where}")
    return (*(command for command in own if command), *after)


def _numbers(comparison: Comparison) -> dict[str, str]:
    import json

    from transferbench.reports.words import formats
    from transferbench.reports.words.as_json import to_json
    from transferbench.reports.words.sheets import sheets_of

    shown = comparison.without_details()
    return {
        "compare.json": json.dumps(to_json(comparison), indent=1) + "\n",
        "compare.csv": formats.csv(comparison),
        "compare.tex": formats.latex(shown, sheets_of(shown, costs="none")),
        "compare.md": formats.markdown(shown, sheets_of(shown, costs="none")),
    }


def _recipes(records: Iterable[Record]) -> str:
    import json

    resolved = {record.recipe: record.resolved.get("recipe") for record in records}
    return json.dumps(resolved, indent=1, sort_keys=True) + "\n"
