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


def test_backbones_that_are_all_the_same_tell_nothing_of_pretraining() -> None:
    same = {"weights": {"sha256": "f" * 64}}
    published = [run.model_copy(update=same) for run in _nested(2) if run.recipe == "D"]
    own = [run for run in _nested(2) if run.recipe == "B"]

    mixed = compare([*own, *published], suite="s", baseline="B").tables[0].components["detect/map_area"]
    alone = compare(published, suite="s", baseline="D").tables[0].components

    assert mixed.backbones == 4
    assert mixed.pretraining == pytest.approx(0.1**2, rel=0.4)
    assert alone == {}


def test_what_an_effect_is_stands_below_them() -> None:
    comparison = with_effects(compare(RUNS, suite="s", baseline="plain"), "factorial", LEVELS)

    (sheet,) = [sheet for sheet in sheets_of(comparison) if "effects" in sheet.title]

    assert sheet.notes == (
        "main: mean with it minus mean without it, over all recipes of the design",
        "x: half of how much more the one brings with the other than without it",
    )


def test_an_effect_has_one_witness_a_backbone() -> None:
    runs = [
        record(
            name, "detect", seed + 1000 * k, {"map_area": gain + seed / 50 + k / 100}, pretraining_seed=seed
        )
        for name, gain in (("plain", 0.0), ("mixup", 0.1))
        for seed in (0, 1)
        for k in (0, 1)
    ]
    runs = [run if run.recipe == "plain" else _lifted(run, run.seed % 3 / 100) for run in runs]
    levels = {name: {"mixup": name == "mixup"} for name in ("plain", "mixup")}

    found = with_effects(compare(runs, suite="s", baseline="plain"), "cumulative", levels).tables[0].effects

    assert found["detect/map_area"][0].difference.n == 2


def _lifted(run: Record, by: float) -> Record:
    return run.model_copy(update={"scores": {name: value + by for name, value in run.scores.items()}})


def test_a_recipe_that_does_not_compare_has_no_effect() -> None:
    other = [
        run.model_copy(update={"data": {"fingerprint": "c" * 64}}) for run in RUNS if run.recipe == "both"
    ]
    runs = [run for run in RUNS if run.recipe != "both"] + other

    comparison = with_effects(compare(runs, suite="s", baseline="plain"), "factorial", LEVELS)

    assert comparison.tables[0].effects == {}


def test_an_effect_between_files_of_weights_has_one_witness_a_transfer() -> None:
    runs = [
        record(
            name,
            "detect",
            seed + 1000 * k,
            {"map_area": gain + seed / 50 + k / 100 + gain * k * (seed + 1)},
            pretraining_seed=seed,
            weights={"sha256": name},
        )
        for name, gain in (("plain", 0.0), ("mixup", 0.1))
        for seed in (0, 1)
        for k in (0, 1)
    ]
    levels = {name: {"mixup": name == "mixup"} for name in ("plain", "mixup")}

    found = with_effects(compare(runs, suite="s", baseline="plain"), "cumulative", levels).tables[0].effects

    assert found["detect/map_area"][0].difference.n == 4
