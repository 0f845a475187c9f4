from __future__ import annotations

from itertools import pairwise

from transferbench.tasks.segment.sources.palettes import ade20k_colours, spread_colours, voc_colours


def test_ade20k_has_a_hundred_and_fifty_colours_of_which_the_first_and_last_are_known() -> None:
    colours = ade20k_colours(range(1, 151))

    # wall, sky, road, person and flag
    assert [colours[number - 1] for number in (1, 3, 7, 13, 150)] == [
        *("#787878", "#06e6e6", "#8c8c8c", "#96053d", "#5c00ff")
    ]
    assert len(set(colours)) == 149  # road and skyscraper share one


def test_numbers_that_ade20k_does_not_have_get_colours_too() -> None:
    assert len(set(ade20k_colours((150, 151, 152)))) == 3


def test_voc_deals_out_the_bits_of_a_value() -> None:
    assert voc_colours(256)[1:9] == (
        *("#800000", "#008000", "#808000", "#000080", "#800080", "#008080", "#808080", "#400000"),
    )
    assert voc_colours(256)[255] == "#e0e0c0"


def test_spread_colours_differ_from_their_neighbours() -> None:
    colours = spread_colours(255)

    assert len(set(colours)) > 250
    for one, other in pairwise(colours):
        parts = [abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5)]
        assert max(parts) > 60


def test_colours_are_written_as_six_digits() -> None:
    for colour in (*ade20k_colours(range(1, 200)), *voc_colours(256), *spread_colours(256)):
        assert len(colour) == 7 and colour == f"#{int(colour[1:], 16):06x}"
