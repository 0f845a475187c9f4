"""What runs cost, told from their records."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from transferbench.reports.rows import Cost
from transferbench.reports.statistics.paired import mean
from transferbench.runs.record import Record


def cost_of(records: Collection[Record]) -> Cost:
    """Returns what runs of one recipe by one protocol took.

    Args:
        records: one a seed, at least one.
    """
    efforts = [record.effort for record in records if record.effort is not None]
    teachers = [record.teacher for record in records if record.teacher is not None]
    return Cost(
        wall_seconds=mean([record.wall_seconds for record in records]),
        peak_memory_bytes=max(record.peak_memory_bytes for record in records),
        device_seconds=mean([record.wall_seconds * _devices(record) for record in records]),
        images_per_second=_mean_of(effort.images_per_second for effort in efforts),
        parameters=max((effort.parameters for effort in efforts), default=None),
        backbone_macs=max((float(effort.backbone_macs) for effort in efforts), default=None),
        teaching_seconds=_mean_of(teacher.forward_seconds for teacher in teachers),
        teacher_seconds=_mean_of(
            teacher.pretraining_seconds for teacher in teachers if teacher.pretraining_seconds is not None
        ),
    )


def _devices(record: Record) -> int:
    return 1 if record.effort is None else record.effort.devices


def _mean_of(values: Iterable[float]) -> float | None:
    known = list(values)
    return mean(known) if known else None
