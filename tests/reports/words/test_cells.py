from dataclasses import replace

import pytest

from transferbench.reports.rows import Cell, Mark, Row, Table
from transferbench.reports.statistics.paired import Difference
from transferbench.reports.words.cells import aligned, caption, difference_words, few, row_name

DELTA = Difference(mean=0.025, low=0.01, high=0.04, p=0.01, n=3)


def _cell(delta: Difference | None = DELTA, unpaired: int = 0) -> Cell:
    return Cell(values={0: 0.5, 1: 0.6, 2: 0.7}, delta=delta, paper=None, unpaired=unpaired)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (None, ""),
        (_cell(None), ""),
        (_cell(Difference(0.025, None, None, None, 3)), "+2.5"),
        (_cell(replace(DELTA, n=2)), "+2.5 [1.0, 4.0] n=2"),
        (_cell(), "+2.5 [1.0, 4.0]"),
        (_cell(replace(DELTA, p_holm=0.051)), "+2.5 [1.0, 4.0]"),
        (_cell(replace(DELTA, p_holm=0.049)), "+2.5 [1.0, 4.0] \u2020"),
        (_cell(unpaired=1), "+2.5 [1.0, 4.0] n=3"),
        (_cell(Difference(-0.025, None, None, None, 1), unpaired=2), "-2.5 n=1"),
        (_cell(replace(DELTA, p_holm=0.049), unpaired=1), "+2.5 [1.0, 4.0] \u2020 n=3"),
    ],
)
def test_a_difference_is_told_with_its_interval_what_stands_and_what_is_unpaired(
    cell: Cell | None, words: str
) -> None:
    assert " ".join(filter(None, difference_words(cell))) == words


def test_signs_stand_below_each_other_and_take_no_room_where_there_are_none() -> None:
    cells = [
        _cell(replace(DELTA, p_holm=0.01)),
        _cell(unpaired=1),
        _cell(Difference(0.1, None, None, None, 3)),
    ]

    assert aligned([difference_words(cell) for cell in cells]) == [
        " +2.5 [1.0, 4.0] \u2020    ",
        " +2.5 [1.0, 4.0]   n=3",
        "+10.0                 ",
    ]
    assert aligned([difference_words(_cell())]) == ["+2.5 [1.0, 4.0]"]


def test_a_row_that_needs_a_reason_is_marked_and_a_foreign_one_is_called_so() -> None:
    plain, marked = Row("B", {}), Row("B", {}, mark=Mark("why", is_comparable=True))

    assert [row_name(row) for row in (plain, marked, replace(marked, is_foreign=True))] == [
        *("B", "B *", "B (foreign) *"),
    ]


def test_a_caption_counts_the_fewest_and_the_most_seeds() -> None:
    few = Row("B", {"detect/map_area": Cell({0: 0.5}, None, None)})
    table = Table("detect", "voc@1", "B", (few, Row("D", {"detect/map_area": _cell()})), ("detect/map_area",))

    assert caption(table) == "detect, voc@1: percent, mean \u00b1 sd over 1 to 3 seeds"


def test_a_caption_tells_runs_from_seeds_where_backbones_were_fine_tuned_again() -> None:
    cells = {"detect/map_area": Cell({0: 0.5, 1: 0.5, 1000: 0.5, 1001: 0.5}, None, None)}
    row = Row("B", cells, pretraining_seeds={0: 0, 1: 1, 1000: 0, 1001: 1})
    table = Table("detect", "voc@1", "B", (row,), ("detect/map_area",))

    assert caption(table) == "detect, voc@1: percent, mean \u00b1 sd over 4 runs (2 seeds x 2 transfers)"


def test_a_lone_number_of_another_tool_is_of_no_known_seeds() -> None:
    row = Row("rival", {"detect/map_area": Cell({0: 0.5}, None, None)}, is_foreign=True)

    assert caption(Table("detect", "voc@1", "B", (row,), ("detect/map_area",))) == "detect, voc@1: percent"


def test_of_many_names_three_stand_in_a_line() -> None:
    assert few(list("abcd")) == "a, b, c, d"
    assert few(list("abcdef")) == "a, b, c and 3 more"
