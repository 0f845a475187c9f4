"""Some of the runs of a suite, and what these need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs.test_cell import DATA, cells
from transferbench.errors import ConfigError
from transferbench.runs.selection import selected


def test_without_a_pattern_every_run_is_chosen(tmp_path: Path) -> None:
    made = cells(tmp_path, 0, 5)

    chosen = selected(made, [])

    assert chosen.cells == tuple(made) and not chosen.needed


def test_what_a_chosen_run_needs_is_chosen_too_and_told(tmp_path: Path) -> None:
    chosen = selected(cells(tmp_path, 0, 5), ["mine/detect/seed5"])

    assert [cell.label for cell in chosen.cells] == ["mine/classify/seed5", "mine/detect/seed5"]
    assert [cell.label for cell in chosen.needed] == ["mine/classify/seed5"]


def test_one_of_several_patterns_is_enough(tmp_path: Path) -> None:
    chosen = selected(cells(tmp_path, 0), ["mini_random/detect/*", "*/segment/*"])

    assert [cell.label for cell in chosen.cells] == [
        *("mine/classify/seed0", "mini_random/detect/seed0"),
        *("mine/segment/seed0", "mini_random/segment/seed0"),
    ]


def test_a_pattern_that_matches_nothing_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        selected(cells(tmp_path, 0), ["*/detect/*", "mine/detekt/seed0"])

    assert str(caught.value) == (
        "--only 'mine/detekt/seed0': expected a pattern of runs, as 'RECIPE/*' or '*/detect/seed0', found "
        "none that it matches; the nearest is 'mine/detect/seed0'"
    )


def test_chosen_runs_get_the_data_of_their_task(tmp_path: Path) -> None:
    chosen = selected(cells(tmp_path, 0), ["mine/detect/*"]).with_data(
        {"classify": Path("pictures"), "detect": Path("boxes")}
    )

    assert [str(cell.data) for cell in chosen.cells] == ["pictures", "boxes"]
    assert chosen.needed == chosen.cells[:1] and str(DATA["detect"]) == "d"
