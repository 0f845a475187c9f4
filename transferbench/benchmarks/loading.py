"""The loader with some processes, against torchvision's ImageFolder in torch's DataLoader."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from transferbench.backbones.card import Pixels
from transferbench.benchmarks.pictures import opened
from transferbench.benchmarks.reference import SIDE, fit_recipe, image_folder
from transferbench.benchmarks.result import Comparison
from transferbench.benchmarks.timing import OURS
from transferbench.tasks.classify.examples import ClassifyExamples
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tasks.loader import Loader
from transferbench.tricks.bag import Bag

_BATCH = 16
_BATCHES = 16
_ROUNDS = 3


def loaders(paths: Sequence[Path], workers: Sequence[int], rounds: int) -> list[Comparison]:
    """Returns how long a picture takes from its file to its batch, with each number of worker processes.

    Wall-clock time, without that until the first batches, in which workers start.

    Args:
        paths: of JPEGs.
        workers: numbers of processes.
        rounds: at most three are done.
    """
    if not workers:
        return []
    with opened(paths, side=SIDE, count=_BATCH * _BATCHES) as task:
        theirs = image_folder(task.data.root, "train", fit_recipe(SIDE, pixels=Pixels()))
        return [
            Comparison.of(
                f"loader_{count}",
                f"batches of {_BATCH} with {count} worker processes; ours bytes and colours to come, the "
                "reference normalised floats without colours",
                _seconds(task, theirs, count, min(rounds, _ROUNDS)),
                pictures=1,
            )
            for count in workers
        ]


def _seconds(task: ClassifyTask, theirs: Any, workers: int, rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {OURS: [], "torchvision": []}
    for seed in range(rounds):
        # New ones each time: examples keep pictures decoded, which no large set allows.
        examples = ClassifyExamples(task.fit_examples.source, task.protocol, Bag(), kept_bytes=0)
        loader = Loader(examples, batch_size=_BATCH, seed=seed, workers=workers)
        seconds[OURS].append(_seconds_a_picture(loader.epoch(0), workers))
        del loader  # its workers end
        reference = torch.utils.data.DataLoader(
            theirs, _BATCH, shuffle=True, num_workers=workers, drop_last=True,
            multiprocessing_context="fork" if workers else None,
        )  # fmt: skip
        seconds["torchvision"].append(_seconds_a_picture(reference, workers))
    return seconds


def _seconds_a_picture(batches: Iterable[Any], workers: int) -> float:
    iterator = iter(batches)
    for _ in range(max(1, workers)):  # each worker has started when its first batch is there
        next(iterator)
    began = time.perf_counter()
    count = sum(1 for _ in iterator)
    return (time.perf_counter() - began) / (count * _BATCH)
