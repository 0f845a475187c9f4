import pytest

from tests.fabricate.records import record, top1
from transferbench.errors import ConfigError
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.findings.gates import read_condition, with_gates
from transferbench.runs.record import Record

RIVAL = ForeignRow("rival", "classify", "", {"classify/top1": {0: 0.9}}, "theirs.csv", "f" * 64)


def _broken(
    text: str, records: list[Record] | None = None, expected: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Returns what breaks a gate on B at 50, C at 49.5 and D at 60 percent."""
    runs = records or top1("B", 0.5) + top1("C", 0.495) + top1("D", 0.6)
    comparison = compare(runs, suite="s", baseline="B", foreign=[RIVAL])
    return with_gates(comparison, [read_condition(text)], expected=expected).broken


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("classify/top1 < baseline", ["C"]),
        ("classify/top1 < baseline - 0.4", ["C"]),
        ("classify/top1 < baseline - 0.5", []),
        ("classify/top1 < baseline + 10.5", ["C", "D"]),
        ("classify/top1 > baseline+9.9", ["D"]),
        ("classify/top1<60", ["C"]),
        ("classify/top1 > 55", ["D"]),
        ("C: classify/top1 > 55", []),
        ("B: classify/top1 < 50.5", ["B"]),
        ("rival: classify/top1 > 80", ["rival"]),
    ],
)
def test_a_gate_is_broken_by_the_rows_that_meet_it(text: str, names: list[str]) -> None:
    assert [reason.partition(",")[0] for reason in _broken(text)] == names


def test_what_broke_a_gate_is_told_with_its_value() -> None:
    assert _broken("classify/top1 < baseline") == (
        "C, miniature@1: classify/top1 is -0.50 points to B, below 0 (one seed, no interval)",
    )
    assert _broken("D: classify/top1 > 59", top1("B", 0.5) + top1("D", 0.6, 0.6)) == (
        "D, miniature@1: classify/top1 is 60.00 %, above 59",
    )
    assert _broken("classify/top1 > baseline + 9.5")[0].endswith(
        " is +10.00 points to B, above +9.5 (one seed, no interval)"
    )


def test_the_mean_of_common_seeds_is_what_counts() -> None:
    assert not _broken("classify/top1 < baseline", top1("B", 0.5, 0.5) + top1("D", 0.4, 0.65))
    assert _broken("classify/top1 < baseline", top1("B", 0.5, 0.5) + top1("D", 0.4, 0.55))


def test_a_row_without_the_score_breaks_a_gate() -> None:
    runs = [
        record("B", "detect", 0, {"map_area": 0.5, "coco_ap": 0.3}),
        record("D", "detect", 0, {"map_area": 0.6}),
    ]

    assert _broken("detect/coco_ap < baseline", runs) == ("D, miniature@1: it has no detect/coco_ap",)


def test_a_row_that_does_not_compare_breaks_a_gate_on_its_difference() -> None:
    runs = top1("B", 0.5) + top1("D", 0.6, data={"fingerprint": "b" * 64})

    assert _broken("classify/top1 < baseline", runs) == ("D, miniature@1: it has no difference to B",)
    assert not _broken("classify/top1 < 10", runs)


def test_a_recipe_without_a_run_breaks_a_gate() -> None:
    reasons = _broken("classify/top1 < 10", expected=("B", "C", "D", "late"))

    assert reasons == ("late: no finished run has classify/top1",)
    assert _broken("late: classify/top1 < 10", expected=("late",)) == reasons


@pytest.mark.parametrize(
    "text",
    [
        *("", "classify/top1", "classify/top1 = 5", "classify/top1 < base", "classify/top1 < baseline * 2"),
        *(
            "top1 < 5",
            "classify/top1 < 5 and 1",
            "__import__('os')",
            "classify/top1 < --5",
            "classify/top1 < 1e3",
        ),
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--fail-if .*: expected .*, found something else; write it as "):
        read_condition(text)


def test_a_score_that_nobody_knows_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as error:
        read_condition("detect/map_voc7 < 5")

    assert str(error.value) == (
        "--fail-if 'detect/map_voc7 < 5': expected the name of a score, found 'detect/map_voc7'; the nearest "
        "is 'detect/map_voc07'"
    )


def test_a_score_that_no_run_has_and_a_row_that_is_none_are_told() -> None:
    with pytest.raises(ConfigError, match="expected a score that a run has, found 'segment/miou'"):
        _broken("segment/miou < 5")
    with pytest.raises(ConfigError, match="expected the name of a row, found 'E'; "):
        _broken("E: classify/top1 < 5")


def test_a_recipe_that_lacks_the_transfer_alone_breaks_its_gate() -> None:
    runs = [record(name, "detect", 0, {"map_area": 0.5}) for name in ("B", "C")]
    runs += [record(name, "segment", 0, {"miou": 0.5}) for name in ("B", "C", "D")]

    reasons = _broken("detect/map_area < 10", runs, expected=("B", "C", "D"))

    assert reasons == ("D: no finished run has detect/map_area",)


def test_weights_from_elsewhere_need_no_pretraining_to_pass() -> None:
    runs = top1("B", 0.5) + [record(name, "detect", 0, {"map_area": 0.5}) for name in ("B", "published")]

    assert _broken("classify/top1 < 10", runs, expected=("B", "published")) == ()
