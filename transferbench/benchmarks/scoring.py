"""Scoring a classifier and a detector, against torchvision's transforms and the development kit's loop.

Dimension key: N images.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from transferbench.backbones.catalog import spec_of
from transferbench.benchmarks.networks import classifier, peers_of
from transferbench.benchmarks.pictures import CLASSES, DRAWN, jpegs, opened
from transferbench.benchmarks.reference import image_folder, score_recipe
from transferbench.benchmarks.result import Comparison, Result
from transferbench.benchmarks.setting import Setting
from transferbench.benchmarks.timing import OURS, interleaved, wall_clock
from transferbench.benchmarks.voc_loop import loop_ap, scene
from transferbench.engine.device import describe, keep_freed_memory, place, try_kernels
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tasks.detect.metric.voc import voc_ap
from transferbench.tasks.loader import scoring_batches

_RANKS = 5
_MEANT = (
    "from files to guesses in one process: decode, resize, centre crop, network, the five best; the "
    "references decode with torchvision's transforms and run their own network"
)


def bench_eval(setting: Setting, folder: Path | None, *, pictures: int = 16, rounds: int = 3) -> Result:
    """Returns how long scoring takes, a picture.

    Args:
        setting: the network and its machine; scores are made in single precision.
        folder: of JPEGs, at any depth; None draws some.
        pictures: at most.
        rounds: of each comparison.

    Raises:
        WeightsError: no backbone has that name.
        DataError: the folder has no JPEGs, or broken ones.
    """
    keep_freed_memory()
    try_kernels(setting.device)
    peers = peers_of(setting.arch, CLASSES)
    with jpegs(folder, pictures) as paths:
        count = max(len(paths), CLASSES)
        with opened(paths, side=setting.side, count=count) as task:
            ways: dict[str, Callable[[], object]] = {OURS: _ours(task, setting)}
            ways |= {
                name: _theirs(task, setting, peer.make(), is_normalised=name != "plain")
                for name, peer in peers.items()
            }
            seconds = interleaved(ways, rounds=rounds, clock=wall_clock(setting.device))
    truth, found, classes = scene()
    detections = interleaved(
        {OURS: lambda: voc_ap(truth, found, classes), "loop": lambda: loop_ap(truth, found, classes)},
        rounds=rounds,
    )
    comparisons = (
        *(
            Comparison.of(f"eval_{name}", "scoring, a picture", seconds, reference=name, pictures=count)
            for name in peers
        ),
        Comparison.of(
            "voc_ap",
            "average precision of 20 classes, a picture of 50 detections",
            detections,
            reference="loop",
            pictures=int(truth.picture_T.max()) + 1,
        ),
    )
    notes = (setting.about, _MEANT, *([DRAWN] if folder is None else []))
    return Result(comparisons, describe(setting.device), notes=notes)


def _ours(task: ClassifyTask, setting: Setting) -> Callable[[], object]:
    model = place(classifier(setting.arch, CLASSES), setting.device, "fp32", is_channels_last=True)

    def score() -> object:
        batches = scoring_batches(
            task.score_examples, batch_size=setting.batch_size, workers=0, device=setting.device
        )
        return task.measure(model, batches, lambda done: None)

    return score


def _theirs(
    task: ClassifyTask, setting: Setting, model: nn.Module, *, is_normalised: bool
) -> Callable[[], object]:
    model = place(model, setting.device, "fp32", is_channels_last=True).eval()
    pixels = spec_of(setting.arch).pixels if is_normalised else None
    pictures = image_folder(task.data.root, "val", score_recipe(setting.side, pixels=pixels))
    batches: Any = torch.utils.data.DataLoader(pictures, setting.batch_size)

    @torch.inference_mode()
    def score() -> list[Tensor]:
        return [
            model(images_NCHW.to(setting.device)).topk(min(_RANKS, CLASSES)).indices.cpu()
            for images_NCHW, _ in batches
        ]

    return score
