"""Does one run: data, backbone, training, measuring, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path

from torch import nn

from transferbench.backbones.initialise import initialise
from transferbench.backbones.weights.report import LoaderReport
from transferbench.engine.checkpoint import FILE_NAME as CHECKPOINT_FILE
from transferbench.engine.device import keep_freed_memory, place, reset_peak_memory, synchronised, try_kernels
from transferbench.engine.loop import Interrupted, Job, fit
from transferbench.engine.report import Report, Scored, Step
from transferbench.engine.world import World, met
from transferbench.errors import RunError
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.folder import IfFull, opened
from transferbench.runs.metrics import MetricsFile
from transferbench.runs.outcome import Spent, keep
from transferbench.runs.record import Record, read_record
from transferbench.runs.rescore import first_difference
from transferbench.runs.reuse import NOWHERE, taken_over
from transferbench.runs.setting import Setting, prepare
from transferbench.tasks.base import DataCard, Outcome
from transferbench.tasks.loader import Loader, scoring_batches


def execute(
    cell: Cell,
    machine: Machine,
    report: Report,
    *,
    if_full: IfFull = "refuse",
    should_stop: Callable[[], int] = lambda: 0,
    announce: Callable[[LoaderReport, DataCard], None] = lambda loaded, data: None,
    elsewhere: Mapping[str, Path] = NOWHERE,
) -> Record:
    """Returns the record of a run: done now, gone on with, or finished before with the same settings.

    Args:
        cell: what to do.
        machine: where.
        report: told of each step and of each batch that is scored.
        if_full: what to do where the run's folder is not empty.
        should_stop: number of the signal that asks for an end, or 0.
        announce: told what was loaded for a transfer, weights and data, before the first step.
        elsewhere: folders of finished runs by identity, from which one that is the same is taken over.

    Raises:
        TransferbenchError: settings, data or weights are at fault; nothing has been written then.
        Interrupted: `should_stop` asked for it; the run can be gone on with.
    """
    keep_freed_memory()
    setting, world = prepare(cell, machine), machine.world
    report = report if world.is_first else _say_nothing
    if cell.task == "classify":
        try_kernels(setting.device)
    job = _job(setting, should_stop)
    with met(world, setting.device), _opened_by_first(cell.folder, if_full, world):
        finished: Record | None = world.share(_done_before(setting, elsewhere) if world.is_first else None)
        if finished is not None:
            _require_same(finished, setting)
            return finished
        if cell.weights is not None:
            announce(setting.loaded.report, setting.task.data)
        setting.task.preflight()
        reset_peak_memory(setting.device)
        began = time.perf_counter()
        seconds = fit(job, _logged(MetricsFile(cell.folder), report) if world.is_first else report)
        fitted = time.perf_counter()
        outcome = _measured(setting, job, report)
        spent = Spent(
            fit_seconds=seconds,
            score_seconds=time.perf_counter() - fitted,
            sessions=seconds / (fitted - began),
            images=_images(job),
        )
        record = keep(setting, job.model, outcome, spent) if world.is_first else None
        kept: Record = world.share(record)
        return kept


def _done_before(setting: Setting, elsewhere: Mapping[str, Path]) -> Record | None:
    cell = setting.cell
    return read_record(cell.folder) or taken_over(cell, setting.identity, elsewhere)


@contextmanager
def _opened_by_first(folder: Path, if_full: IfFull, world: World) -> Iterator[None]:
    """Opens the folder for the first process, which is the only one that writes."""
    with opened(folder, if_full) if world.is_first else nullcontext():
        world.gather(None)  # nobody goes on before it is open
        yield


def _say_nothing(news: Step | Scored) -> None:
    """Is the report of every process but the first."""


def _require_same(finished: Record, setting: Setting) -> None:
    if finished.identity != setting.identity:
        raise RunError(
            f"{setting.cell.folder}: expected this run ({setting.cell.label}), found a finished one of other "
            f"settings, data or weights{first_difference(finished.classes, setting.task.data.classes)}; give "
            "--overwrite to do it anew (in a suite, move the folder away), or another --out"
        )


def _job(setting: Setting, should_stop: Callable[[], int]) -> Job:
    cell, plan, task = setting.cell, setting.plan, setting.task
    batches = Loader(
        task.fit_examples,
        batch_size=plan.batch_size // (plan.accumulate * setting.machine.world.size),
        parts=plan.accumulate,
        seed=cell.seed,
        workers=setting.machine.workers,
        world=setting.machine.world,
    )
    model = task.build(setting.loaded.backbone, cell.seed)
    if cell.weights is None and cell.recipe.init != "he":
        initialise(model, cell.seed, cell.recipe.init)
    setting.bag.prepare(model, lambda _: _teacher(setting))
    setting.bag.group_parameters(
        task.parameter_groups(model, plan)
    )  # tricks with nothing to act on say so now
    if plan.batch_norm == "synchronised":
        model = synchronised(model, setting.machine.world, setting.device)
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
        world=setting.machine.world,
    )


def _images(job: Job) -> int:
    """Returns how many images the whole training shows, each as often as it is shown."""
    steps_per_epoch = len(job.batches) // job.plan.accumulate
    return max(1, round(steps_per_epoch * job.plan.epochs)) * job.plan.batch_size


def _logged(metrics: MetricsFile, report: Report) -> Callable[[Step], None]:
    def log(step: Step) -> None:
        metrics.add(asdict(step))
        report(step)

    return log


def _teacher(setting: Setting) -> nn.Module:
    from transferbench.tasks.classify.model import load_classifier

    assert setting.teacher is not None
    return load_classifier(setting.teacher).to(setting.device)


def _measured(setting: Setting, job: Job, report: Report) -> Outcome:
    examples = setting.task.score_examples
    batches = scoring_batches(
        examples,
        batch_size=setting.cell.protocol.score_batch,
        workers=setting.machine.workers,
        device=setting.device,
        world=setting.machine.world,
    )

    def tell(done: int) -> None:
        report(Scored(done, len(examples)))
        stopped_by = job.should_stop()
        if stopped_by:
            raise Interrupted(stopped_by)  # the checkpoint of the last step is there already

    part = setting.task.measure(job.model, batches, tell)
    return setting.task.outcome(setting.machine.world.gather(part))
