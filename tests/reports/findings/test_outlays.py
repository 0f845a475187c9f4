from typing import Any

import pytest

from tests.fabricate.records import record, taught, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.findings.kinds import Outlay
from transferbench.runs.record import Effort, Record


def _effort(macs: float, devices: int = 1) -> Effort:
    return Effort(
        parameters=10,
        backbone_macs=int(macs),
        picture_size=(8, 8),
        fit_seconds=1.0,
        images_per_second=1.0,
        devices=devices,
    )


def _runs(name: str, score: float, seconds: float, **other: Any) -> list[Record]:
    """Returns a pretraining of an hour and a transfer."""
    transfer = record(name, "detect", 0, {"map_area": score}, wall_seconds=seconds, **other)
    return [*top1(name, 0.5, wall_seconds=3600.0), transfer]


def _outlays(records: list[Record]) -> dict[str, Outlay]:
    table = compare(records, suite="s", baseline="B").tables[-1]
    return {row.recipe: row.outlay for row in table.rows if row.outlay is not None}


def test_device_hours_are_those_of_pretraining_and_transfer() -> None:
    outlay = _outlays(_runs("B", 0.5, 1800.0, effort=_effort(1, devices=2)))["B"]

    assert outlay.pretraining_seconds == 3600.0
    assert outlay.device_seconds == 3600.0 + 2 * 1800.0


def test_the_gain_is_held_against_all_device_hours() -> None:
    outlay = _outlays(_runs("B", 0.5, 3600.0) + _runs("D", 0.6, 3600.0))["D"]

    assert outlay.gains_per_device_hour == {"detect/map_area": pytest.approx(0.1 / 2)}


def test_pretraining_that_was_not_done_here_leaves_the_sum_unknown() -> None:
    outlay = _outlays([*_runs("B", 0.5, 60.0), record("W", "detect", 0, {"map_area": 0.6})])["W"]

    assert (outlay.pretraining_seconds, outlay.device_seconds, outlay.gains_per_device_hour) == (
        None,
        None,
        {},
    )


def test_random_weights_took_no_pretraining() -> None:
    control = record("R", "detect", 0, {"map_area": 0.1}, wall_seconds=60.0, weights={"was_random": True})

    outlay = _outlays([*_runs("B", 0.5, 60.0), control])["R"]

    assert (outlay.pretraining_seconds, outlay.device_seconds) == (0.0, 60.0)


def test_the_front_holds_whom_nobody_beats() -> None:
    runs = _runs("B", 0.5, 60.0, effort=_effort(4)) + _runs("fast", 0.4, 30.0, effort=_effort(4))
    runs += _runs("worse", 0.45, 90.0, effort=_effort(2)) + _runs("best", 0.6, 120.0, effort=_effort(4))

    fronts = {name: outlay.fronts for name, outlay in _outlays(runs).items()}

    assert fronts == {
        "B": ("device-hours",),
        "fast": ("device-hours",),
        "worse": ("GMACs",),
        "best": ("device-hours", "GMACs"),
    }


def test_equals_share_the_front() -> None:
    fronts = [outlay.fronts for outlay in _outlays(_runs("B", 0.5, 60.0) + _runs("D", 0.5, 60.0)).values()]

    assert fronts == [("device-hours",), ("device-hours",)]


def test_a_row_that_does_not_compare_is_on_no_front() -> None:
    odd = [*top1("D", 0.5), record("D", "detect", 0, {"map_area": 0.9}, data={"fingerprint": "b" * 64})]

    assert _outlays(_runs("B", 0.5, 60.0) + odd)["D"].fronts == ()


def test_what_scores_as_well_for_more_or_worse_for_as_much_is_on_no_front() -> None:
    runs = _runs("B", 0.5, 60.0) + _runs("dear", 0.5, 90.0) + _runs("bad", 0.4, 60.0)

    fronts = {name: outlay.fronts for name, outlay in _outlays(runs).items()}

    assert fronts == {"B": ("device-hours",), "dear": (), "bad": ()}


def test_training_a_teacher_counts() -> None:
    taught_run, transfer = _runs("B", 0.5, 60.0)
    taught_run = taught_run.model_copy(update={"teacher": taught(40, 1000)})

    assert _outlays([taught_run, transfer])["B"].device_seconds == 3600.0 + 1000.0 + 60.0


def test_of_errors_the_least_is_on_the_front() -> None:
    runs = [
        record(name, "detect", 0, {"lost_missed": lost}, weights={"was_random": True}, wall_seconds=s)
        for name, lost, s in (("B", 0.2, 90.0), ("D", 0.1, 80.0))
    ]

    (table,) = compare(runs, suite="s", baseline="B").tables

    assert [row.outlay and row.outlay.fronts for row in table.rows] == [(), ("device-hours",)]


def test_who_alone_has_a_known_cost_is_on_no_front() -> None:
    control = record("R", "detect", 0, {"map_area": 0.1}, wall_seconds=60.0, weights={"was_random": True})

    outlays = _outlays([record("B", "detect", 0, {"map_area": 0.9}), control])

    assert (outlays["R"].fronts, outlays["R"].alone) == ((), ("device-hours",))
