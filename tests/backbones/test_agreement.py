"""The table that proves ours to be the peers' networks."""

import sys
from collections.abc import Sequence
from functools import cache

import pytest

from transferbench.backbones.agreement import TOLERANCE, Agreement, agreements
from transferbench.errors import WeightsError


def test_the_rows_of_a_network_say_with_whom_and_how_it_was_compared() -> None:
    rows = _rows("resnet18_d")

    assert [(row.peer, row.output_stride, row.setting) for row in rows] == [
        ("timm resnet18d", 32, ""),
        ("timm resnet18d", 16, "dilated_shortcut pool"),
        ("timm resnet18d", 8, "dilated_shortcut pool"),
        ("timm resnet18d", 16, "dilated_shortcut identity"),
        ("timm resnet18d", 8, "dilated_shortcut identity"),
    ]
    assert [row.agrees for row in rows] == [True, True, True, False, False]
    assert all(row.is_meant_to_agree == row.agrees for row in rows)
    assert [row.logits is None for row in rows] == [False, True, True, True, True]


def test_an_unpooled_shortcut_departs_from_the_stage_that_no_longer_strides() -> None:
    *_, at_16, at_8 = _rows("resnet18_d")

    assert [difference > 1 for difference in at_16.maps] == [False, False, False, True]
    assert [difference > 1 for difference in at_8.maps] == [False, False, True, True]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v1_100", "inception_v3"])
def test_a_network_agrees_with_its_peers(name: str) -> None:
    rows = _rows(name)

    assert {row.ours for row in rows} == {name}
    assert all(row.agrees and len(row.maps) == 4 for row in rows)


def test_a_comparison_repeats_to_the_bit() -> None:
    assert list(agreements("resnet18")) == _rows("resnet18")


@pytest.mark.parametrize(
    ("logits", "maps", "expected"),
    [
        (0.0, (0.0, TOLERANCE), True),
        (None, (0.0, TOLERANCE), True),
        (2 * TOLERANCE, (0.0, 0.0), False),
        (None, (2 * TOLERANCE, 0.0), False),
    ],
)
def test_a_row_agrees_if_no_number_is_off(
    logits: float | None, maps: tuple[float, ...], expected: bool
) -> None:
    assert Agreement("mini_b", "timm none", 32, logits, maps).agrees == expected


def test_without_timm_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)

    with pytest.raises(WeightsError) as caught:
        next(agreements())

    assert str(caught.value) == (
        "agreement: expected the package timm to compare with, found none; pip install 'transferbench[timm]'"
    )


@pytest.mark.slow
def test_every_row_is_as_it_is_meant_to_be() -> None:
    rows = _rows("*")

    assert [row for row in rows if row.agrees != row.is_meant_to_agree] == []
    assert {row.peer for row in rows} >= {
        *(f"timm {name}" for name in ("resnet18d", "resnet50", "resnet50c", "resnet50d", "resnet152d")),
        *("timm inception_v3", "timm mobilenetv1_100"),
        *(f"torchvision {name}" for name in ("resnet18", "resnet50", "resnet101", "inception_v3")),
    }


@cache
def _rows(pattern: str) -> Sequence[Agreement]:
    pytest.importorskip("timm", reason="needs the extra `timm`")
    return list(agreements(pattern))
