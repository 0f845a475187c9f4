from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest

from tests.fabricate.records import record, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.notes import HELD
from transferbench.reports.comparing.over_pictures import KEPT_BY_NONE, VARIED, with_pictures
from transferbench.reports.rows import Comparison

NOISE = np.random.default_rng(0).normal(0, 0.01, 1000)
LOW, HIGH = np.percentile(NOISE, (2.5, 97.5)).tolist()


@dataclass
class _Replicates:
    scores: Mapping[str, np.ndarray]
    pictures: str = "same"

    def is_paired_with(self, other: Self) -> bool:
        return self.pictures == other.pictures


def _of(value: float, noise: np.ndarray = NOISE, pictures: str = "same") -> _Replicates:
    return _Replicates({"classify/top1": value + noise}, pictures)


def _compared(**replicates: _Replicates) -> Comparison:
    """Returns B at 50 and D at 60 percent, a seed each."""
    comparison = compare(top1("B", 0.5) + top1("D", 0.6), suite="s", baseline="B")
    return with_pictures(comparison, {f"{name}-classify-0": kept for name, kept in replicates.items()})


def test_the_interval_of_a_mean_is_that_of_its_resamples() -> None:
    cell = _compared(B=_of(0.5)).tables[0].rows[0].cells["classify/top1"]

    assert cell.over_pictures is not None
    assert (cell.over_pictures.low, cell.over_pictures.high) == pytest.approx((0.5 + LOW, 0.5 + HIGH))


def test_what_pictures_do_to_both_sides_leaves_their_difference_alone() -> None:
    wiggle = np.linspace(-1e-4, 1e-4, 1000)

    cell = _compared(B=_of(0.5), D=_of(0.6, NOISE + wiggle)).tables[0].rows[1].cells["classify/top1"]

    assert cell.delta_over_pictures is not None
    assert cell.delta_over_pictures.high - cell.delta_over_pictures.low == pytest.approx(1.9e-4, rel=0.01)


def test_other_pictures_give_no_interval_of_the_difference() -> None:
    cell = _compared(B=_of(0.5), D=_of(0.6, pictures="others")).tables[0].rows[1].cells["classify/top1"]

    assert cell.over_pictures is not None and cell.delta_over_pictures is None


def test_a_seed_without_replicates_leaves_its_mean_without_an_interval() -> None:
    comparison = compare(top1("B", 0.5, 0.6), suite="s", baseline="B")

    (row,) = with_pictures(comparison, {"B-classify-0": _of(0.5)}).tables[0].rows

    assert row.cells["classify/top1"].over_pictures is None


def test_a_difference_over_seeds_is_that_of_their_means_on_each_resample() -> None:
    comparison = compare(top1("B", 0.5, 0.5) + top1("D", 0.6, 0.7), suite="s", baseline="B")
    kept = {"B-classify-0": _of(0.5, 0 * NOISE), "B-classify-1": _of(0.5, 0 * NOISE)}
    kept |= {"D-classify-0": _of(0.6), "D-classify-1": _of(0.7, -0.5 * NOISE)}

    cell = with_pictures(comparison, kept).tables[0].rows[1].cells["classify/top1"]

    assert cell.delta_over_pictures is not None
    ends = (cell.delta_over_pictures.low, cell.delta_over_pictures.high)
    assert ends == pytest.approx((0.15 + LOW / 4, 0.15 + HIGH / 4))


def test_transfers_of_one_backbone_count_as_one_run() -> None:
    values = {0: 0.5, 1000: 0.5, 1: 0.5}
    records = [
        record(name, "classify", seed, {"top1": value + gain}, pretraining_seed=seed % 1000)
        for name, gain in (("B", 0.0), ("D", 0.1))
        for seed, value in values.items()
    ]
    kept = {f"B-classify-{seed}": _of(0.5, 0 * NOISE) for seed in values}
    kept |= {f"D-classify-{seed}": _of(0.6, NOISE if seed == 1 else 0 * NOISE) for seed in values}

    comparison = with_pictures(compare(records, suite="s", baseline="B"), kept)

    over = comparison.tables[0].rows[1].cells["classify/top1"].delta_over_pictures
    assert over is not None
    assert (over.low, over.high) == pytest.approx((0.1 + LOW / 2, 0.1 + HIGH / 2))


def test_the_note_says_what_was_varied() -> None:
    notes = _compared(B=_of(0.5), D=_of(0.6)).notes

    assert VARIED in notes and HELD not in notes
    assert not [note for note in notes if "evaluate" in note]


def test_where_nothing_was_kept_the_note_says_what_adds_it() -> None:
    notes = _compared().notes

    assert KEPT_BY_NONE in notes and HELD not in notes and VARIED not in notes


def test_rows_without_an_interval_are_named() -> None:
    notes = _compared(B=_of(0.5)).notes

    assert VARIED in notes
    assert notes[-1].startswith("no interval over pictures for D in classify: not all runs kept ")


def test_transfers_of_two_files_count_as_so_many_runs() -> None:
    values = {0: 0.5, 1000: 0.5, 1: 0.5}
    records = [
        record(n, "classify", s, {"top1": v}, pretraining_seed=s % 1000, weights={"sha256": n})
        for n in ("B", "D")
        for s, v in values.items()
    ]
    kept = {f"B-classify-{seed}": _of(0.5, 0 * NOISE) for seed in values}
    kept |= {f"D-classify-{seed}": _of(0.5, NOISE if seed == 1 else 0 * NOISE) for seed in values}

    over = with_pictures(compare(records, suite="s", baseline="B"), kept).tables[0].rows[1]

    interval = over.cells["classify/top1"].delta_over_pictures
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((LOW / 3, HIGH / 3))
