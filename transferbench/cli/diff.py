"""`transferbench diff`: what two runs differ in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferbench.cli.explain import CellArgument, run_folder
from transferbench.cli.failures import told
from transferbench.cli.sizes import signed, with_short_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transferbench.reports.lineage.differing import Differences, Differing
    from transferbench.runs.record import Record

_HEADINGS = {
    "inputs": "may change scores",
    "machine": "may change scores, by rounding or by what a version mended",
    "names": "changes no score",
}
_LONGEST = 60
"""Characters of a value that are shown."""


@told
def diff(
    one: CellArgument,
    other: CellArgument,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Print what two runs of a task differ in: settings, data, weights, software; then their scores."""
    from transferbench.cli import requests
    from transferbench.reports.lineage.differing import differences
    from transferbench.runs.record import finished_record

    requests.require_format(form, ("text", "json"))
    ours, theirs = (finished_record(run_folder(cell)) for cell in (one, other))
    found = differences(ours, theirs)
    if form == "json":
        print(json.dumps(_content(found) | {"one": str(one), "other": str(other)}, indent=1))
        return
    _tell(found, {"one": ours, "other": theirs})


def _content(found: Differences) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "are_equal": found.are_equal,
        "differences": [asdict(each) for each in found.found],
        "scores": {
            name: {"one": one, "other": other, "difference": other - one}
            for name, (one, other) in found.scores.items()
        },
    }


def _tell(found: Differences, records: Mapping[str, Record]) -> None:
    from transferbench.cli.console import out
    from transferbench.reports.lineage.differing import KINDS
    from transferbench.runs.record import SCORES

    for word, record in records.items():
        line = f"{word}: {record.recipe}, {record.task} by {record.protocol}, seed {record.seed}"
        out.print(line, markup=False, soft_wrap=True)
    if found.are_equal:
        same = "" if found.have_equal_scores else ", and yet their scores differ"
        out.print(f"equal: the same settings, data, weights, seed, software and machine{same}", markup=False)
    for kind in KINDS:
        differing = found.of(kind)
        if differing:
            out.print(f"{_HEADINGS[kind]}:", style="bold", markup=False)
        for each in differing:
            out.print(f"  {_line(each)}", markup=False, soft_wrap=True)
    out.print("scores in percent, and the second less the first:", style="bold")
    for name, (one, other) in found.scores.items():
        title = SCORES[name].title if name in SCORES else name
        out.print(
            f"{title:>24} {100 * one:7.2f} {100 * other:7.2f}  {signed(100 * (other - one)):>6}   {name}",
            markup=False,
        )


def _line(each: Differing) -> str:
    follows = f" (follows {each.follows})" if each.follows else ""
    one, other = _shown(each.one), _shown(each.other)
    if one == other:  # long values that differ beyond what is shown
        return f"{each.key}: {one}, and another{follows}"
    return f"{each.key}: {one} -> {other}{follows}"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = with_short_hashes(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
