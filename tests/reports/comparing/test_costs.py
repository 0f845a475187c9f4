import pytest

from tests.fabricate.records import record, taught
from transferbench.reports.comparing.costs import cost_of
from transferbench.runs.record import Effort, Record


def _effort(devices: int = 1, images_per_second: float = 40.0) -> Effort:
    return Effort(
        parameters=5_000_000,
        backbone_macs=2_000_000_000,
        picture_size=(224, 224),
        fit_seconds=50.0,
        images_per_second=images_per_second,
        devices=devices,
    )


def _run(seed: int, seconds: float, **other: object) -> Record:
    return record("B", "classify", seed, {"top1": 0.5}, wall_seconds=seconds, **other)


def test_costs_are_the_mean_time_and_the_greatest_memory() -> None:
    cost = cost_of([_run(0, 10.0, peak_memory_bytes=5), _run(1, 30.0, peak_memory_bytes=3)])

    assert (cost.wall_seconds, cost.peak_memory_bytes) == (20.0, 5)


def test_device_seconds_count_every_device_and_a_record_that_tells_none_has_one() -> None:
    cost = cost_of([_run(0, 10.0, effort=_effort(devices=4)), _run(1, 20.0)])

    assert cost.device_seconds == (40.0 + 20.0) / 2


def test_what_effort_tells_is_the_networks_size_and_the_mean_speed() -> None:
    cost = cost_of([_run(0, 1.0, effort=_effort()), _run(1, 1.0, effort=_effort(images_per_second=60.0))])

    assert (cost.parameters, cost.backbone_macs, cost.images_per_second) == (5_000_000, 2e9, 50.0)


def test_runs_of_an_older_version_leave_it_out() -> None:
    cost = cost_of([_run(0, 1.0)])

    assert cost.parameters is cost.backbone_macs is cost.images_per_second is None


def test_what_a_teacher_cost_is_kept_apart() -> None:
    cost = cost_of([_run(0, 100.0, teacher=taught(40, 300)), _run(1, 120.0, teacher=taught(60, 500))])

    assert (cost.wall_seconds, cost.teaching_seconds) == (110, 50)
    assert cost.teacher_seconds == pytest.approx(400)
