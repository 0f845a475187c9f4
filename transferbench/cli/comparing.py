"""Runs of folders to a comparison, with what their suites, their weights and the paper say."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.errors import RunError

if TYPE_CHECKING:
    from transferbench.recipes.paper import PaperScores
    from transferbench.recipes.suite import Suite
    from transferbench.reports.comparing.foreign import ForeignRow
    from transferbench.reports.rows import Comparison
    from transferbench.runs.record import Record
    from transferbench.runs.resample import Replicates

_PAPER = ("table8", "table9")
"""Suites with the paper's rows of top-1 and of a transfer."""


@dataclass(frozen=True)
class Compared:
    """Finished runs side by side, and what they were read from."""

    comparison: Comparison
    runs: Mapping[Path, Record]
    """By folder."""
    suite: Suite | None
    """Whose order, baselines and numbers were taken; None of runs that belong to none."""


def found_folders(targets: Sequence[Path]) -> list[Path]:
    """Returns the folders of runs that are meant: as given, or of that name below `runs`.

    Raises:
        RunError: there is none.
    """
    folders = [path if path.is_dir() else Path("runs") / path for path in targets]
    for target, folder in zip(targets, folders, strict=True):
        if not folder.is_dir():
            raise RunError(
                f"{target}: expected a folder of finished runs, found none there or in runs/; "
                "start them with `transferbench run`"
            )
    return folders


def compared(
    records: Sequence[Record],
    suite: Suite,
    baseline: str | None = None,
    *,
    foreign: Sequence[ForeignRow] = (),
) -> Comparison:
    """Returns the rows of a suite side by side, as it wants them, fast enough to be shown while it runs.

    Args:
        records: finished runs of the suite.
        suite: whose order, baselines, note and numbers of the paper are taken.
        baseline: that all recipes are compared with, in place of the suite's own.
        foreign: rows that another tool measured.

    Raises:
        TransferbenchError: see `transferbench.reports.comparing.comparison.compare`.
    """
    from dataclasses import replace

    from transferbench.reports.comparing.comparison import compare

    comparison = compare(
        records,
        suite=suite.name,
        baseline=baseline or suite.baseline,
        order=suite.recipes,
        further_baselines=() if baseline else suite.further_baselines,
        teachers=suite.teachers,
        paper=suite.paper,
        foreign=foreign,
    )
    return replace(comparison, notes=(suite.note, *comparison.notes)) if suite.note else comparison


def compared_folders(
    folders: Sequence[Path],
    baseline: str | None = None,
    *,
    foreign: Sequence[ForeignRow] = (),
    has_pictures: bool = True,
    has_classes: bool = True,
) -> Compared:
    """Returns all that is known of finished runs.

    Args:
        folders: of suites or runs; the first suite's order, baselines and numbers are taken.
        baseline: that all recipes are compared with; None for the suite's own, or the first.
        foreign: rows that another tool measured.
        has_pictures: whether the intervals over pictures are worked out, which reads a file a run.
        has_classes: whether the scores of single classes are read.

    Raises:
        TransferbenchError: see `transferbench.reports.comparing.comparison.compare`.
    """
    from transferbench.reports.comparing.comparison import compare
    from transferbench.reports.comparing.failed import with_failures
    from transferbench.runs.failure import failures_in
    from transferbench.runs.record import find_runs
    from transferbench.runs.suite_folder import recall_suite

    suite = next((suite for suite in map(recall_suite, folders) if suite is not None), None)
    with _nothing_to_collect():
        found = (find_runs(folder, has_classes=has_classes) for folder in folders)
        runs = {path: record for each in found for path, record in each.items()}
        records = list(runs.values())
        failures = {label: reason for folder in folders for label, reason in failures_in(folder).items()}
        if not records:
            raise RunError(_none_finished(folders, failures))
        if suite is None:
            own = baseline or records[0].recipe
            comparison = compare(records, suite=folders[0].name, baseline=own, foreign=foreign)
        else:
            comparison = compared(records, suite, baseline, foreign=foreign)
        concluded = _concluded(comparison, suite, runs, has_pictures)
        return Compared(with_failures(concluded, failures), runs, suite)


def _none_finished(folders: Sequence[Path], failures: Mapping[str, str]) -> str:
    where = ", ".join(map(str, folders))
    if not failures:
        return f"{where}: expected finished runs, found none; start them with `transferbench run`"
    label, reason = next(iter(failures.items()))
    first = reason.strip().partition("\n")[0]
    return (
        f"{where}: expected finished runs, found {len(failures)} failed one{'s' * (len(failures) > 1)} (the "
        f"first: {label}: {first}); mend that and start with `transferbench run SUITE --retry-failed`"
    )


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Spares searches for garbage among thousands of records, now and later: all of them stay in use."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def write_comparison(compared: Compared, folder: Path) -> Comparison:
    """Writes `compare.json` and the pictures of all recipes side by side; returns what a table shows of it.

    Args:
        compared: the runs of a suite.
        folder: that they are in.
    """
    from transferbench.reports.comparing.over_pictures import without_pictures
    from transferbench.reports.words.as_json import to_json
    from transferbench.runs.record import write_atomically

    content = json.dumps(to_json(compared.comparison), indent=1) + "\n"
    write_atomically(folder / "compare.json", content.encode())
    _write_montages(folder, compared)
    return without_pictures(compared.comparison)


def _concluded(
    comparison: Comparison, suite: Suite | None, runs: Mapping[Path, Record], has_pictures: bool
) -> Comparison:
    """Returns a comparison with effects, correlations and intervals over pictures."""
    from transferbench.reports.comparing.over_pictures import with_pictures
    from transferbench.reports.findings.claims import with_claims
    from transferbench.reports.findings.designs import with_effects

    if suite is not None and suite.design is not None:
        comparison = with_effects(comparison, suite.design.kind, suite.levels)
    if has_pictures:
        comparison = with_pictures(comparison, _replicates(runs))
    claimed = _claimed_top1(list(runs.values()))
    return with_claims(comparison, claimed=claimed, paper=lambda: _paper(suite))


def _replicates(runs: Mapping[Path, Record]) -> dict[str, Replicates]:
    from transferbench.runs.resample import replicates_of

    found = ((record.identity, replicates_of(folder)) for folder, record in runs.items())
    return {identity: kept for identity, kept in found if kept is not None}


def _claimed_top1(records: Sequence[Record]) -> dict[str, float]:
    """Returns the top-1 that publishers state of weights, by recipe, where nothing here measured it."""
    from transferbench.backbones.weights.index import read_index

    trained = {record.recipe for record in records if record.task == "classify"}
    sources = {
        record.recipe: str(record.weights.get("source", ""))
        for record in records
        if record.recipe not in trained and not record.weights.get("was_random")
    }
    if not sources:
        return {}
    stated = {key: entry.top1 for entry in read_index().values() for key in (entry.name, entry.source)}
    return {recipe: stated[source] for recipe, source in sources.items() if source in stated}


def _paper(suite: Suite | None) -> list[Mapping[str, PaperScores]]:
    from transferbench.recipes.load import load_suite

    own = [suite.paper] if suite is not None and suite.paper else []
    return [*own, *(load_suite(name)[0].paper for name in _PAPER)]


def _write_montages(folder: Path, compared: Compared) -> None:
    from transferbench.reports.montage import montage

    comparison = compared.comparison
    seed = min(record.seed for record in compared.runs.values())
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    for task in dict.fromkeys(table.task for table in comparison.tables):
        recipes = [row.recipe for table in comparison.tables if table.task == task for row in table.rows]
        tiles = {recipe: folder / recipe / task / f"seed{seed}" / "pictures" for recipe in recipes}
        rows = [
            ("truth", sorted(next(iter(tiles.values())).glob("truth_*.png"))),
            *((recipe, sorted(tile.glob("predicted_*.png"))) for recipe, tile in tiles.items()),
        ]
        if any(files for _, files in rows):
            montage(rows, pictures / f"{task}.png", f"{comparison.suite}: {task}, seed {seed}")
