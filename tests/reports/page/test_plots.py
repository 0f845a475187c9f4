"""Which plots a story gives rise to, and from what numbers."""

from dataclasses import replace

import pytest

from tests.fabricate.records import record, top1
from tests.reports.page.stories import RECIPES, story
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.page.differences import by_class, by_error, effect_plots, forests
from transferbench.reports.page.history import curve_of, curve_plots, thinned
from transferbench.reports.page.relations import cost_plots, spread_of, top1_plots
from transferbench.reports.page.sections import sections
from transferbench.reports.page.story import Story
from transferbench.reports.plots.looks import looks
from transferbench.reports.rows import Mark
from transferbench.reports.statistics.effects import Effect
from transferbench.reports.statistics.paired import Difference
from transferbench.reports.statistics.student import student_quantile

TOLD = story()
LOOKS = looks((*RECIPES, *(f"row{i}" for i in range(4))), "plain")


def test_main_scores_have_forests_at_hand_and_the_others_folded_away() -> None:
    of_main, of_others = forests(TOLD.comparison, LOOKS)

    assert [drawing.name for drawing in of_main] == [
        "difference-classify-top1",
        "difference-detect-map-voc07",
        "difference-segment-miou",
    ]
    assert [drawing.name for drawing in of_others] == [
        "difference-detect-coco-ap",
        "difference-segment-pix-acc",
    ]


def test_classes_are_those_that_gained_and_lost_most() -> None:
    values = {"a": 0.5, "b": 0.9, "c": 0.1}
    runs = [
        record(recipe, "detect", 0, {"map_voc07": 0.5 + gain}, per_class={"detect/map_voc07": of_class})
        for recipe, gain, of_class in (
            ("B", 0.0, {**values, "unseen": None}),
            ("D", 0.1, {"a": 0.6, "b": 0.8, "c": 0.5, "unseen": None}),
        )
    ]
    told = Story(compare(runs, suite="s", baseline="B"), {run.identity: run for run in runs})

    (drawing,) = by_class(told, looks(["B", "D"], "B"))

    assert drawing.description.endswith("c: D +40.0. a: D +10.0. b: D \u221210.0.")


def test_of_many_classes_both_ends_are_shown() -> None:
    drawing = by_class(TOLD, LOOKS)[1]

    assert drawing.description.count("class ") == 24
    assert "never seen" not in drawing.description


def test_errors_are_held_against_the_baseline_seed_by_seed() -> None:
    (drawing,) = by_error(TOLD.comparison, LOOKS)

    assert "mixup & friends \u22123.0 [\u22124.3, \u22122.3]" in drawing.description


def test_effects_of_a_design_are_drawn_by_name() -> None:
    comparison = TOLD.comparison
    found = Effect("mixup x warmup", "interaction", Difference(0.012, -0.004, 0.028, 0.1, 3))
    table = replace(comparison.tables[1], effects={"detect/map_voc07": (found,)})

    (drawing,) = effect_plots(replace(comparison, tables=(table,)), LOOKS)

    assert "against no effect: mixup x warmup +1.2 [\u22120.4, 2.8]." in drawing.description
    assert effect_plots(comparison, LOOKS) == []


def test_top1_stands_against_each_transfer_and_the_paper_beside_it() -> None:
    drawings = top1_plots(TOLD.comparison, LOOKS)

    assert [drawing.name for drawing in drawings] == ["top1-1", "top1-1-paper", "top1-2"]
    assert "row3 79, 78.8" in drawings[1].description
    assert "r = 0.96 [\u22120.04, 1.00]" in drawings[1].title


def test_costs_that_are_all_alike_make_no_plot() -> None:
    names = [drawing.name for drawing in cost_plots(TOLD.comparison, LOOKS)]

    assert names == ["cost-detect-gmacs", "cost-segment-gmacs"]


def test_the_front_is_that_of_the_comparison() -> None:
    drawing = cost_plots(TOLD.comparison, LOOKS)[0]

    assert drawing.description.endswith("Not beaten in both: plain, warmup, mixup & friends.")


def test_the_spread_of_three_seeds_is_an_interval_and_of_two_their_range() -> None:
    two, three = spread_of([0.4, 0.5]), spread_of([0.4, 0.5, 0.6])

    assert spread_of([0.4]) is None
    assert two and (two.low, two.high) == (40, 50)
    half = 100 * student_quantile(0.95, 2) * 0.1 / 3**0.5
    assert three and (three.low, three.high) == pytest.approx((50 - half, 50 + half))


def test_a_thinned_curve_is_the_means_of_its_stretches() -> None:
    points = [(float(step), 10.0 * step) for step in range(6)]

    assert thinned(points, 3) == [(0.5, 5.0), (2.5, 25.0), (4.5, 45.0)]
    assert thinned(points, 6) == points
    assert [x for x, _ in thinned([(float(i), 0.0) for i in range(7)], 2)] == [1.0, 4.5]


def test_a_curve_is_the_mean_of_its_seeds_within_their_band() -> None:
    curve = curve_of("D", [[(0.0, 4.0), (1.0, 2.0), (2.0, 1.0)], [(0.0, 2.0), (1.0, 1.0)]])

    assert (curve.epochs, curve.losses) == ((0.0, 1.0), (3.0, 1.5))
    assert (curve.lows, curve.highs) == ((2.0, 1.0), (4.0, 2.0))


def test_runs_without_losses_have_no_curves() -> None:
    assert curve_plots(story(losses={}), LOOKS) == []


def test_parts_with_nothing_to_show_are_left_out() -> None:
    bare = Story(compare(top1("B", 0.5), suite="s", baseline="B"))

    assert [part.key for part in sections(bare)] == ["numbers", "methods", "repeat"]


def test_a_row_that_does_not_compare_is_not_among_the_costs() -> None:
    table = TOLD.comparison.tables[1]
    marked = replace(table.rows[3], mark=Mark("other data", is_comparable=False))
    changed = replace(table, rows=(*table.rows[:3], marked))

    (drawing,) = cost_plots(replace(TOLD.comparison, tables=(changed,)), LOOKS)

    assert "warmup" in drawing.description and "<b>tall</b>" not in drawing.description


def test_costs_are_read_in_a_unit_without_many_zeros() -> None:
    runs = [
        record(name, "detect", 0, {"map_area": gain}, wall_seconds=seconds, weights={"was_random": True})
        for name, gain, seconds in (("B", 0.5, 20.0), ("D", 0.6, 40.0))
    ]
    minutes = [run.model_copy(update={"wall_seconds": 60 * run.wall_seconds}) for run in runs]

    titles = [cost_plots(compare(r, suite="s", baseline="B"), LOOKS_OF_TWO)[0] for r in (runs, minutes)]

    assert [drawing.title for drawing in titles] == [
        "mAP area over device-seconds, detection",
        "mAP area over device-minutes, detection",
    ]
    assert "B 20, 50.0; D 40, 60.0" in titles[0].description


LOOKS_OF_TWO = looks(("B", "D"), "B")
