from tests.fabricate.records import record, top1
from transferbench.reports.comparing.comparison import compare
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
        ("mAP 11-point \u2191, miniature@1", "r 0.33, n=3", "", ""),
        ("mAP 11-point \u2191, miniature@1", "tau 0.33, n=3", "", ""),
    )


def test_a_claimed_top1_is_told_to_be_one() -> None:
    (sheet,) = _sheets(claimed=0.7)

    assert sheet.notes == ("top-1 of C: as the publisher of the weights states it",)


def test_costs_stand_beside_the_gain() -> None:
    sheet = _sheets("all")[-1]

    lines = {row[0]: dict(zip(sheet.header, row, strict=True)) for row in sheet.rows}
    assert lines["B"] == {
        "recipe": "B",
        "parameters": "2.50 M",
        "GMACs": "0.57",
        "images/s": "123",
        "memory": "1.5 GiB",
        "pretraining": "1 h 30 min",
        "transfer": "30 min 00 s",
        "device-hours": "2",
        "mAP 11-point vs A": "+10.0",
        "per device-hour": "+5",
        "front": "device-hours, GMACs",
    }
    assert lines["C"]["front"] == ""


def test_gates_are_printed_with_what_broke_them() -> None:
    conditions = [read_condition("classify/top1 < 55"), read_condition("A: classify/top1 < 55")]
    comparison = with_gates(compare(RUNS, suite="s", baseline="A"), conditions)

    sheet = sheets_of(comparison, costs="none")[-1]

    broken = "A, miniature@1: classify/top1 is 50.00, < 55.00"
    assert sheet.rows == (
        *(("classify/top1 < 55", "holds", ""), ("A: classify/top1 < 55", "broken", broken)),
    )
