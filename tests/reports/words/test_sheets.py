from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from tests.fabricate.records import record, top1
from transferbench.recipes.paper import PaperScore
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.comparing.over_pictures import with_pictures
from transferbench.reports.findings.claims import with_claims
from transferbench.reports.findings.gates import read_condition, with_gates
from transferbench.reports.findings.kinds import Sheet
from transferbench.reports.words.sheets import sheets_of
from transferbench.runs.record import Effort, Record

EFFORT = Effort(
    parameters=2_500_000,
    backbone_macs=569_000_000,
    picture_size=(224, 224),
    fit_seconds=1.0,
    images_per_second=123.4,
    devices=1,
)


def _recipe(name: str, top: float, score: float) -> list[Record]:
    transfer = record(name, "detect", 0, {"map_voc07": score}, wall_seconds=1800.0, effort=EFFORT)
    return [*top1(name, top, wall_seconds=5400.0), transfer]


RUNS = [*_recipe("A", 0.5, 0.2), *_recipe("B", 0.6, 0.3), *_recipe("C", 0.8, 0.25)]


def _sheets(costs: str = "none", claimed: float | None = None) -> list[Sheet]:
    runs = RUNS if claimed is None else [run for run in RUNS if (run.recipe, run.task) != ("C", "classify")]
    comparison = compare(runs, suite="s", baseline="A")
    known = {} if claimed is None else {"C": claimed}
    comparison = with_claims(comparison, claimed=known, paper=lambda: [])
    return sheets_of(comparison, costs="all" if costs == "all" else "none")


def test_correlations_are_printed_with_their_intervals_and_counts() -> None:
    (sheet,) = _sheets()

    assert sheet.title == "correlation with top-1 over recipes, 95 % intervals"
    assert sheet.rows == (
        ("mAP 11-point \u2191, detect, miniature@1", "r 0.33, n=3", ""),
        ("mAP 11-point \u2191, detect, miniature@1", "tau 0.33, n=3", ""),
    )


def test_a_claimed_top1_is_told_to_be_one() -> None:
    (sheet,) = _sheets(claimed=0.7)

    assert sheet.notes == (
        "no interval over recipes where fewer than 4 (5 for tau) are there, or all lie on one line (in "
        "one order for tau)",
        "top-1 of C: as the publisher of the weights states it",
    )


def test_costs_stand_beside_the_gain() -> None:
    sheet = _sheets("all")[-1]

    lines = {row[0]: dict(zip(sheet.header, row, strict=True)) for row in sheet.rows}
    assert lines["B"] == {
        "recipe": "B",
        "parameters": "2.50 M",
        "GMACs": "0.569",
        "images/s": "123",
        "memory": "1.5 GiB",
        "pretraining": "1 h 30 min",
        "transfer": "30 min 00 s",
        "device-hours": "2",
        "mAP 11-point vs A": "+10.0",
        "points per device-hour (whole cost)": "+5",
        "front": "device-hours, GMACs",
    }
    assert lines["C"]["front"] == ""


def test_gates_are_printed_with_what_broke_them() -> None:
    conditions = [read_condition("classify/top1 < 55"), read_condition("A: classify/top1 < 55")]
    comparison = with_gates(compare(RUNS, suite="s", baseline="A"), conditions)

    sheet = sheets_of(comparison, costs="none")[-1]

    broken = "A, miniature@1: classify/top1 is 50.00 %, below 55 (one seed, no interval)"
    assert sheet.rows == (
        *(("classify/top1 < 55", "not met", ""), ("A: classify/top1 < 55", "MET, exit 4", broken)),
    )


def test_the_papers_correlations_stand_beside_its_own_rows_alone() -> None:
    own = compare(RUNS, suite="s", baseline="A")
    of_paper = [run.model_copy(update={"paper": {"classify/top1": PaperScore(mean=0.7)}}) for run in RUNS]
    known = {
        name: {"classify/top1": PaperScore(mean=m), "detect/map_voc07": PaperScore(mean=m)}
        for name, m in (("x", 0.5), ("y", 0.6), ("z", 0.8))
    }

    found = [
        with_claims(each, claimed={}, paper=lambda: [known])
        for each in (own, compare(of_paper, suite="s", baseline="A"))
    ]

    headers = [sheets_of(each, costs="none")[-1].header for each in found]
    assert headers == [
        ("score", "over recipes", "over seeds"),
        ("score", "over recipes", "over seeds", "the paper's rows"),
    ]


def test_a_table_without_costs_has_no_column_of_them() -> None:
    rival = ForeignRow("rival", "detect", "voc@1", {"detect/map_area": {0: 0.5}}, "theirs.csv", "f" * 64)

    sheet = sheets_of(compare(RUNS, suite="s", baseline="A", foreign=[rival]))[-1]

    assert sheet.header == ("recipe", "classify", "detect, miniature@1")


def test_who_scores_the_same_on_all_pictures_keeps_its_place_beside_those_with_intervals() -> None:
    comparison = compare(top1("B", 0.0) + top1("D", 0.1), suite="s", baseline="B")
    noise = np.random.default_rng(0).normal(0.1, 0.01, 100)
    kept = {
        "B-classify-0": _Same({"classify/top1": 0 * noise}),
        "D-classify-0": _Same({"classify/top1": noise}),
    }

    told = with_pictures(comparison, kept)

    assert sheets_of(told, has_pictures=True, costs="none")[0].rows[0] == ("B", "0.0")
    assert told.notes[-1] == (
        "no interval over pictures for some scores of B in classify: other pictures would have given the same"
    )


@dataclass
class _Same:
    scores: Mapping[str, np.ndarray]

    def is_paired_with(self, other: Self) -> bool:
        return True
