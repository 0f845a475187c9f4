"""Does one run: data, backbone, training, measuring, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import torch
from torch import nn

from transferbench.backbones.weights.report import LoaderReport
from transferbench.engine.checkpoint import FILE_NAME as CHECKPOINT_FILE
from transferbench.engine.device import keep_freed_memory, place, reset_peak_memory
from transferbench.engine.loop import Interrupted, Job, fit
from transferbench.engine.report import Report, Scored, Step
from transferbench.errors import RunError
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.folder import IfFull, opened
from transferbench.runs.metrics import MetricsFile
from transferbench.runs.outcome import keep
from transferbench.runs.record import Record, read_record
from transferbench.runs.setting import Setting, prepare
from transferbench.tasks.base import Outcome
from transferbench.tasks.loader import Loader, scoring_batches


def execute(
    cell: Cell,
    machine: Machine,
    report: Report,
    *,
    if_full: IfFull = "refuse",
    should_stop: Callable[[], int] = lambda: 0,
    announce: Callable[[LoaderReport], None] = lambda loaded: None,
) -> Record:
    """Returns the record of a run: done now, gone on with, or finished before with the same settings.

    Args:
        cell: what to do.
        machine: where.
        report: told of each step and of each batch that is scored.
        if_full: what to do where the run's folder is not empty.
        should_stop: number of the signal that asks for an end, or 0.
        announce: told what was loaded for a transfer, before the first step.

    Raises:
        TransferbenchError: settings, data or weights are at fault; nothing has been written then.
        Interrupted: `should_stop` asked for it; the run can be gone on with.
    """
    keep_freed_memory()
    setting = prepare(cell, machine)
    job = _job(setting, should_stop)
    with opened(cell.folder, if_full):
        finished = read_record(cell.folder)
        if finished is not None:
            _require_same(finished, setting)
            return finished
        if cell.weights is not None:
            announce(setting.loaded.report)
        reset_peak_memory(setting.device)
        seconds = fit(job, _logged(MetricsFile(cell.folder), report))
        began = time.perf_counter()
        outcome = _measured(setting, job, report)
        return keep(setting, job.model, outcome, wall_seconds=seconds + time.perf_counter() - began)


def _require_same(finished: Record, setting: Setting) -> None:
    if finished.identity != setting.identity:
        raise RunError(
            f"{setting.cell.folder}: expected this run ({setting.cell.label}), found a finished one of other "
            "settings, data or weights; give --overwrite to do it anew, or another --out"
        )


def _job(setting: Setting, should_stop: Callable[[], int]) -> Job:
    cell, plan, task = setting.cell, setting.plan, setting.task
    batches = Loader(
        task.fit_examples,
        batch_size=plan.batch_size // plan.accumulate,
        parts=plan.accumulate,
        seed=cell.seed,
        workers=setting.machine.workers,
    )
    model = task.build(setting.loaded.backbone, cell.seed)
    setting.bag.prepare(model, _teacher_on(setting.device))
    setting.bag.group_parameters(
        task.parameter_groups(model, plan)
    )  # tricks with nothing to act on say so now
    return Job(
        task=task,
        model=place(model, setting.device, plan.precision, is_channels_last=plan.channels_last),
        batches=batches,
        plan=plan,
        bag=setting.bag,
        seed=cell.seed,
        device=setting.device,
        checkpoint=cell.folder / CHECKPOINT_FILE,
        identity=setting.identity,
        should_stop=should_stop,
    )


def _logged(metrics: MetricsFile, report: Report) -> Callable[[Step], None]:
    def log(step: Step) -> None:
        metrics.add(asdict(step))
        report(step)

    return log


def _teacher_on(device: torch.device) -> Callable[[str], nn.Module]:
    from transferbench.tasks.classify.model import load_classifier

    return lambda source: load_classifier(source).to(device)


def _measured(setting: Setting, job: Job, report: Report) -> Outcome:
    examples = setting.task.score_examples
    batches = scoring_batches(
        examples,
        batch_size=setting.cell.protocol.score_batch,
        workers=setting.machine.workers,
        device=setting.device,
    )

    def tell(done: int) -> None:
        report(Scored(done, len(examples)))
        stopped_by = job.should_stop()
        if stopped_by:
            raise Interrupted(stopped_by)  # the checkpoint of the last step is there already

    return setting.task.measure(job.model, batches, tell)
