"""A training step in our loop, against the same network in a plain loop, torchvision's and timm's.

Dimension key: N images, H x W pixels.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch

from transferbench.backbones.cost import cost_of
from transferbench.benchmarks.networks import Peer, peers_of
from transferbench.benchmarks.pictures import CLASSES, jpegs, opened
from transferbench.benchmarks.result import Comparison, Figure, Result
from transferbench.benchmarks.setting import Setting
from transferbench.benchmarks.steps import Turns, plain_step, train
from transferbench.benchmarks.timing import OURS, wall_clock
from transferbench.engine.device import (
    describe,
    keep_freed_memory,
    peak_memory_bytes,
    reset_peak_memory,
    try_kernels,
)
from transferbench.errors import RunError
from transferbench.tasks.classify.examples import ClassifyBatch
from transferbench.tasks.classify.task import ClassifyTask

_ROUNDS = 5
_FLOPS_A_MAC = 6
"""Two in the forward pass, and twice as many in the backward pass."""
_PEAKS = {
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "H200 NVL": 835e12,
    "H200": 989e12,
    "A100": 312e12,
}
"""Part of a device's name, the first that is in it, to its FLOP/s for 16-bit floats, dense, as stated."""
_MEANT = (
    "ours changes colours, normalises and takes targets as distributions within the step; plain is our "
    "network in a loop of five lines; torchvision's images are normalised before, in its loader"
)


def bench_train(setting: Setting, *, steps: int = 3, rounds: int = _ROUNDS) -> Result:
    """Returns how long a training step takes where all data are one batch that is on the device.

    Args:
        setting: what is trained.
        steps: that each way makes in a round.
        rounds: of all ways in turn.

    Raises:
        WeightsError: no backbone has that name.
        RunError: memory is short.
    """
    keep_freed_memory()
    try_kernels(setting.device)
    peers = peers_of(setting.arch, CLASSES)
    try:
        with jpegs(None, 1) as paths, opened(paths, side=setting.side, count=CLASSES) as task:
            batch = _noise(task, setting)
            memory = tuple(_memory(task, setting, batch, peers)) if setting.device.type == "cuda" else ()
            others = {name: plain_step(peer, setting, batch) for name, peer in peers.items()}
            turns = Turns(batch, others, steps=steps, rounds=rounds, clock=wall_clock(setting.device))
            train(task, setting, turns)
    except torch.OutOfMemoryError as error:
        raise RunError(
            f"--batch-size {setting.batch_size}: expected room for {len(peers) + 1} networks at a time, "
            f"found too little memory; try {max(1, setting.batch_size // 2)}"
        ) from error
    comparisons = tuple(
        Comparison.of(
            f"train_{name}",
            "a training step, an image",
            turns.seconds,
            reference=name,
            pictures=steps * setting.batch_size,
        )
        for name in peers
    )
    missing = [name for name in ("torchvision", "timm") if name not in peers]
    notes = (
        setting.about,
        _MEANT,
        *(f"{name} has no {setting.arch}, or is not installed" for name in missing),
    )
    return Result(comparisons, describe(setting.device), (*_speed(setting, comparisons), *memory), notes)


def _noise(task: ClassifyTask, setting: Setting) -> ClassifyBatch:
    example = task.fit_examples.example(0, None)
    batch = task.fit_examples.collate([example] * setting.batch_size)
    images_NCHW = torch.randint(
        256, batch.images_NCHW.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    return replace(
        batch,
        images_NCHW=images_NCHW.to(memory_format=torch.channels_last),
        labels_N=torch.arange(setting.batch_size) % CLASSES,
    ).to(setting.device)


def _speed(setting: Setting, comparisons: tuple[Comparison, ...]) -> Iterator[Figure]:
    images_a_second = {OURS: 1 / comparisons[0].ours_seconds} | {
        each.reference: 1 / each.reference_seconds for each in comparisons
    }
    for name, speed in images_a_second.items():
        yield Figure(f"images_per_second_{name}", f"trained by {name}", speed, "images/s")
    peak = peak_of(str(describe(setting.device)["device"]))
    if peak is not None and setting.precision != "fp32":
        flops = _FLOPS_A_MAC * cost_of(setting.arch, setting.side).macs
        for name, speed in images_a_second.items():
            yield Figure(f"share_of_peak_{name}", f"of the device, by {name}", speed * flops / peak, "")


def peak_of(device: str) -> float | None:
    """Returns the FLOP/s that a device's maker states for 16-bit floats; None of an unknown one."""
    return next((peak for name, peak in _PEAKS.items() if name in device), None)


def _memory(
    task: ClassifyTask, setting: Setting, batch: ClassifyBatch, peers: Mapping[str, Peer]
) -> Iterator[Figure]:
    """Yields the largest memory that each way alone has in use in its first steps."""
    for name in (OURS, *peers):
        gc.collect()
        torch.cuda.empty_cache()
        reset_peak_memory(setting.device)
        if name == OURS:
            train(task, setting, Turns(batch, {}, steps=1, rounds=1, clock=wall_clock(setting.device)))
        else:
            step = plain_step(peers[name], setting, batch)
            for _ in range(3):
                step()
            del step
        gigabytes = peak_memory_bytes(setting.device) / 1e9
        yield Figure(f"memory_{name}", f"peak in use, by {name}", gigabytes, "GB")
