from collections.abc import Mapping

import pytest

from tests.fabricate.records import record, top1
from transferbench.recipes.load import load_suite
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.findings.claims import with_claims
from transferbench.reports.findings.kinds import Claim
from transferbench.runs.record import PaperScore, Record

PAPER = {"classify/top1": PaperScore(mean=0.5), "detect/map_voc07": PaperScore(mean=0.7)}


def _claims(
    records: list[Record],
    claimed: Mapping[str, float] | None = None,
    paper: list[dict[str, dict[str, PaperScore]]] | None = None,
) -> tuple[Claim, ...]:
    comparison = compare(records, suite="s", baseline="A")
    return with_claims(comparison, claimed=claimed or {}, paper=lambda: paper or []).claims


def _recipe(name: str, top: float, map_area: float) -> list[Record]:
    return [*top1(name, top), record(name, "detect", 0, {"map_area": map_area})]


RISING = [*_recipe("A", 0.5, 0.2), *_recipe("B", 0.6, 0.3), *_recipe("C", 0.8, 0.5)]


def test_scores_that_rise_together_correlate_wholly() -> None:
    (claim,) = _claims(RISING)

    assert claim.pearson is not None and claim.kendall is not None
    assert claim.score == "detect/map_area"
    assert [claim.pearson.value, claim.kendall.value] == pytest.approx([1, 1])
    assert [point.recipe for point in claim.points] == ["A", "B", "C"]


def test_of_fewer_than_three_recipes_nothing_is_said() -> None:
    assert _claims(RISING[:4]) == ()


def test_details_are_left_out() -> None:
    runs = [*RISING, *(record(name, "detect", 1, {"lost_missed": 0.1}) for name in "ABC")]

    assert [claim.score for claim in _claims(runs)] == ["detect/map_area"]


def test_a_recipe_without_pretraining_has_the_top1_that_is_claimed_of_its_weights() -> None:
    runs = [*RISING[:4], record("W", "detect", 0, {"map_area": 0.9})]

    (claim,) = _claims(runs, {"W": 0.9, "A": 0.1})

    assert [(point.recipe, point.top1, point.is_claimed) for point in claim.points] == [
        ("A", {0: 0.5}, False),
        ("B", {0: 0.6}, False),
        ("W", {0: 0.9}, True),
    ]


def test_a_row_that_does_not_compare_takes_no_part() -> None:
    odd = [*top1("D", 0.9), record("D", "detect", 0, {"map_area": 0.0}, data={"fingerprint": "b" * 64})]

    (claim,) = _claims([*RISING, *odd])

    assert [point.recipe for point in claim.points] == ["A", "B", "C"]


def test_the_papers_rows_stand_beside_ours() -> None:
    runs = [run for name, top in (("A", 0.5), ("B", 0.6), ("C", 0.7)) for run in _both(name, top)]

    claims = {claim.score: claim for claim in _claims(runs, paper=_tables())}

    detect, segment = claims["detect/map_voc07"].paper_pearson, claims["segment/miou"].paper_kendall
    assert detect is not None and segment is not None
    assert (detect.n, segment.n) == (7, 7)
    assert detect.value == pytest.approx(0.9725, abs=1e-4)
    assert segment.value < 0


def _tables() -> list[dict[str, dict[str, PaperScore]]]:
    return [load_suite(name)[0].paper for name in ("table8", "table9")]


def _both(name: str, top: float) -> list[Record]:
    runs = [record(name, "detect", 0, {"map_voc07": top}), record(name, "segment", 0, {"miou": top})]
    return [*top1(name, top), *runs]


def test_the_papers_tables_are_read_only_where_something_is_said() -> None:
    comparison = compare(RISING[:2], suite="s", baseline="A")

    def forbidden() -> list[dict[str, dict[str, PaperScore]]]:
        raise AssertionError

    assert with_claims(comparison, claimed={}, paper=forbidden).claims == ()


def test_a_score_is_the_mean_over_the_transfers_of_a_backbone() -> None:
    runs = [*RISING, record("A", "detect", 1000, {"map_area": 0.4}, pretraining_seed=0)]

    (claim,) = _claims(runs)

    assert claim.points[0].score == {0: pytest.approx(0.3)}


def test_another_tools_top1_of_the_same_name_is_not_ours() -> None:
    rival = ForeignRow("A", "classify", "", {"classify/top1": {0: 0.9}}, "theirs.csv", "f" * 64)
    comparison = compare(RISING, suite="s", baseline="A", foreign=[rival])

    (claim,) = with_claims(comparison, claimed={}, paper=list).claims

    assert claim.points[0].top1 == {0: 0.5}
