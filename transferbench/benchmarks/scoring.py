"""Scoring a classifier and a detector, against torchvision's transforms and the development kit's loop.

Dimension key: N images.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.catalog import spec_of
from transferbench.benchmarks.networks import classifier, peers_of
from transferbench.benchmarks.pictures import CLASSES, DRAWN, jpegs, opened
from transferbench.benchmarks.reference import image_folder, score_recipe
from transferbench.benchmarks.result import Comparison, Result
from transferbench.benchmarks.setting import Setting
from transferbench.benchmarks.timing import OURS, interleaved, wall_clock
from transferbench.benchmarks.voc_loop import drawn, loop_ap, scene
from transferbench.engine.device import describe, keep_freed_memory, place, try_kernels
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tasks.detect.metric.resample import detect_resampler
from transferbench.tasks.detect.metric.voc import voc_curves
from transferbench.tasks.loader import scoring_batches

_RANKS = 5
_RESAMPLES = 100
"""A tenth of those that a run makes."""
_MEANT = (
    "from files to guesses in one process: decode, resize, centre crop, network, the five best; the "
    "references decode with torchvision's transforms and run their own network"
)


def bench_eval(
    setting: Setting, folder: Path | None, *, pictures: int = 16, rounds: int = 3, scored_pictures: int = 4952
) -> Result:
    """Returns how long scoring takes, a picture.

    Args:
        setting: the network and its machine; scores are made in single precision.
        folder: of JPEGs, at any depth; None draws some.
        pictures: at most.
        rounds: of each comparison, but one of average precision.
        scored_pictures: of 100 detections each, of which average precision is taken.

    Raises:
        WeightsError: no backbone has that name.
        DataError: the folder has no JPEGs, or broken ones.
    """
    keep_freed_memory()
    try_kernels(setting.device)
    with jpegs(folder, pictures) as paths:
        peers = peers_of(setting.arch, CLASSES)
        count = max(len(paths), CLASSES)
        with opened(paths, side=setting.side, count=count) as task:
            ways: dict[str, Callable[[], object]] = {OURS: _ours(task, setting)}
            ways |= {
                name: _theirs(task, setting, peer.make(), is_normalised=name != "plain")
                for name, peer in peers.items()
            }
            seconds = interleaved(ways, rounds=rounds, clock=wall_clock(setting.device))
    comparisons = (
        *(
            Comparison.of(f"eval_{name}", "scoring, a picture", seconds, reference=name, pictures=count)
            for name in peers
        ),
        _compare_voc(scored_pictures),
        _compare_resampling(scored_pictures),
    )
    notes = (setting.about, _MEANT, *([DRAWN] if folder is None else []))
    return Result(comparisons, describe(setting.device), notes=notes)


def _compare_voc(pictures: int) -> Comparison:
    truth, found, classes = scene(pictures=pictures)

    def ours() -> list[tuple[float | None, float | None]]:
        return [(curve.ap(11), curve.ap()) for curve in voc_curves(truth, found, classes)]

    seconds = interleaved({OURS: ours}, rounds=1)
    # Seconds long, and no faster the second time.
    began = process_time()
    loop_ap(truth, found, classes)
    return Comparison.of(
        "voc_ap",
        f"11-point and area AP of {classes} classes over {pictures} pictures, a picture of 100 detections",
        {**seconds, "loop": [process_time() - began]},
        reference="loop",
        pictures=pictures,
    )


def _compare_resampling(pictures: int) -> Comparison:
    truth, found, classes = scene(pictures=pictures)
    weights_NR = np.random.default_rng(0).multinomial(pictures, np.full(pictures, 1 / pictures), _RESAMPLES).T

    def ours() -> object:
        resampled = detect_resampler(truth, found, pictures=pictures, classes=classes, overlap="devkit")
        return resampled(np.ascontiguousarray(weights_NR, np.float64))

    def theirs() -> object:
        copies = drawn(truth, found, weights_NR[:, 0])
        return [(curve.ap(11), curve.ap()) for curve in voc_curves(*copies, classes)]

    seconds = interleaved({OURS: ours, "one by one": theirs}, rounds=1)
    return Comparison.of(
        "voc_resampled",
        f"a resample of {pictures} pictures of 100 detections, one of {_RESAMPLES}: both rules of VOC, ours "
        "by two of COCO's too",
        {OURS: [each / _RESAMPLES for each in seconds[OURS]], "one by one": seconds["one by one"]},
        reference="one by one",
        pictures=pictures,
    )


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
