import pytest

from tests.fabricate.records import record, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.findings.designs import with_effects
from transferbench.reports.words.sheets import sheets_of
from transferbench.runs.record import Record

LEVELS = {
    "plain": {"mixup": False, "ema": False},
    "mixup": {"mixup": True, "ema": False},
    "ema": {"mixup": False, "ema": True},
    "both": {"mixup": True, "ema": True},
}
RUNS = top1("plain", 0.5, 0.52) + top1("mixup", 0.6, 0.63) + top1("ema", 0.5, 0.51) + top1("both", 0.7, 0.72)


def test_a_factorial_design_gives_main_effects_and_interactions() -> None:
    comparison = compare(RUNS, suite="s", baseline="plain")

    found = with_effects(comparison, "factorial", LEVELS).tables[0].effects["classify/top1"]

    means = {(effect.name, effect.kind): effect.difference.mean for effect in found}
    assert means == {
        ("mixup", "main"): pytest.approx((0.1 + 0.11 + 0.2 + 0.21) / 4),
        ("ema", "main"): pytest.approx((0.0 - 0.01 + 0.1 + 0.09) / 4),
        ("mixup x ema", "interaction"): pytest.approx((0.1 + 0.1) / 4),
    }


def test_recipes_outside_of_the_design_take_no_part() -> None:
    comparison = compare(RUNS + top1("other", 0.0, 0.0), suite="s", baseline="other")
    alone = compare(RUNS, suite="s", baseline="plain")

    grown, own = (with_effects(each, "factorial", LEVELS).tables[0] for each in (comparison, alone))

    assert grown.effects == own.effects


def test_effects_are_printed_with_their_intervals() -> None:
    comparison = with_effects(compare(RUNS, suite="s", baseline="plain"), "factorial", LEVELS)

    (sheet,) = [sheet for sheet in sheets_of(comparison) if "effects" in sheet.title]

    assert sheet.title == "classify, miniature@1: effects, points"
    assert [row[0] for row in sheet.rows] == ["mixup (main)", "ema (main)", "mixup x ema"]
    assert sheet.rows[0][1].startswith("+15.5 [")


def _nested(repeats: int) -> list[Record]:
    return [
        record(
            name, "detect", seed + 1000 * k, {"map_area": 0.5 + seed / 10 + k / 100}, pretraining_seed=seed
        )
        for name in ("B", "D")
        for seed in (0, 1, 2)
        for k in range(repeats)
    ]


def test_backbones_that_were_fine_tuned_again_have_components_of_variance() -> None:
    table = compare(_nested(2), suite="s", baseline="B").tables[0]

    found = table.components["detect/map_area"]
    assert (found.backbones, found.runs) == (6, 12)
    assert found.transfer == pytest.approx(0.5 * 0.01**2)
    assert found.share_of_pretraining == pytest.approx(0.995, abs=0.001)


def test_one_transfer_of_each_backbone_has_none() -> None:
    comparison = compare(_nested(1), suite="s", baseline="B")

    assert comparison.tables[0].components == {}
    assert not [sheet for sheet in sheets_of(comparison) if "spread" in sheet.title]


def test_components_are_printed() -> None:
    sheets = sheets_of(compare(_nested(2), suite="s", baseline="B"))

    (sheet,) = [sheet for sheet in sheets if "where the spread comes from" in sheet.title]
    assert sheet.rows == (("mAP area \u2191", "9.99", "0.71", "100 %", "6 backbones, 12 runs"),)
