"""Segmentation: the data, a training step against torchvision's own FCN, and the confusion.

Dimension key: N images, H x W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from transferbench.backbones.weights.load import load_backbone
from transferbench.benchmarks.augmenting import augmenting
from transferbench.benchmarks.counting import MISSING, counting
from transferbench.benchmarks.pairs import CLASSES
from transferbench.benchmarks.pictures import DRAWN
from transferbench.benchmarks.plain_step import Step, memory_figure, repeated, sgd_step, timed
from transferbench.benchmarks.result import Comparison, Figure, Result
from transferbench.benchmarks.segmenter import ARCH, torchvision_loss, torchvision_segmenter
from transferbench.benchmarks.timing import OURS
from transferbench.engine.device import autocast, describe, keep_freed_memory, place
from transferbench.engine.plan import Precision
from transferbench.tasks.segment.model.fcn import Fcn, pixels_of
from transferbench.tasks.segment.model.loss import training_loss
from transferbench.tasks.segment.protocols import PROTOCOLS

_ADE20K = PROTOCOLS["ade20k-fcn8@1"]
PROTOCOL = _ADE20K.model_copy(
    update={"head": _ADE20K.head.model_copy(update={"aligns_corners": False, "auxiliary_weight": 0.5})}
)
"""With what torchvision cannot do otherwise."""
_COUNTED, _COUNT_ROUNDS = 20, 5
_MEANT = (
    "a step: noise of 150 classes, on the device; ours turns bytes to normalised floats, torchvision is "
    "given those; forward pass, backward pass and a step of SGD; on a processor by one thread"
)


@dataclass(frozen=True)
class Size:
    """What is trained on in a step."""

    pictures: int
    crop: int
    """Side, in pixels."""
    precision: Precision
    rounds: int
    steps: int = 1
    """In each round."""


def size_of(device: torch.device) -> Size:
    """Returns what a device can do in a minute; on an accelerator a batch as it is trained on."""
    if device.type == "cpu":
        return Size(pictures=1, crop=241, precision="fp32", rounds=4)
    return Size(pictures=16, crop=480, precision="bf16", rounds=5, steps=5)


def bench_segment(
    device: torch.device,
    folder: Path | None = None,
    *,
    pictures: int = 8,
    rounds: int = 5,
    size: Size | None = None,
) -> Result:
    """Returns how long the parts of a training of segmentation take, a picture.

    Args:
        device: for the step and the confusion.
        folder: of JPEGs, at any depth, whose masks are drawn; None draws them too.
        pictures: at most.
        rounds: in which the data are made.
        size: of the step; None for what suits the device.

    Raises:
        DataError: the folder has no JPEGs, or broken ones.
    """
    keep_freed_memory()
    size = size or size_of(device)
    comparisons = augmenting(folder, pictures=pictures, rounds=rounds)
    step, figures = _step(size, device)
    has_torchmetrics = find_spec("torchmetrics") is not None
    counted = counting(device, pictures=_COUNTED, rounds=_COUNT_ROUNDS) if has_torchmetrics else []
    about = f"step: {ARCH}, {size.pictures} crops of {size.crop}, {size.precision}"
    notes = (about, _MEANT, *([DRAWN] if folder is None else []), *([] if has_torchmetrics else [MISSING]))
    return Result((*comparisons, step, *counted), describe(device), tuple(figures), notes=notes)


def _step(size: Size, device: torch.device) -> tuple[Comparison, list[Figure]]:
    model, batch = segmenter(device), noise(size, device)
    theirs = place(torchvision_segmenter(model).train(), device, "fp32", is_channels_last=False)
    ways = {
        OURS: repeated(our_step(model, batch, size.precision), size.steps),
        "torchvision": repeated(their_step(theirs, model, batch, size.precision), size.steps),
    }
    seconds = timed(ways, size.rounds, device)
    about = "a training step of FCN with an auxiliary head, a picture"
    comparison = Comparison.of("step", about, seconds, pictures=size.steps * size.pictures)
    if device.type != "cuda":
        return comparison, []
    return comparison, [memory_figure("step", name, way, device) for name, way in ways.items()]


def segmenter(device: torch.device) -> Fcn:
    """Returns our network with random weights, in training mode."""
    backbone = load_backbone(f"random:{ARCH}", PROTOCOL.use, seed=0).backbone
    model = Fcn(backbone, CLASSES, head=PROTOCOL.head, seed=0)
    place(model, device, "fp32", is_channels_last=PROTOCOL.plan.channels_last)
    return model.train()


def noise(size: Size, device: torch.device) -> tuple[Tensor, Tensor]:
    """Returns pictures (N, 3, H, W) and labels (N, H, W), all uint8."""
    rng = torch.Generator().manual_seed(0)
    shape = (size.pictures, size.crop, size.crop)
    images_NHW3 = torch.randint(256, (*shape, 3), generator=rng, dtype=torch.uint8)
    labels_NHW = torch.randint(CLASSES, shape, generator=rng, dtype=torch.uint8)
    return images_NHW3.to(device).permute(0, 3, 1, 2), labels_NHW.to(device)


def our_step(model: Fcn, batch: tuple[Tensor, Tensor], precision: Precision) -> Step:
    """Returns a training step of our network."""
    images_N3HW, labels_NHW = batch

    def loss() -> Tensor:
        with autocast(precision, images_N3HW.device):
            return training_loss(model, images_N3HW, labels_NHW, PROTOCOL)

    return sgd_step(model, loss)


def their_step(model: nn.Module, ours: Fcn, batch: tuple[Tensor, Tensor], precision: Precision) -> Step:
    """Returns a training step of torchvision's network, on what ours would make of the same bytes."""
    pixels_N3HW = ours.backbone.normalize(pixels_of(ours, batch[0], PROTOCOL))
    labels_NHW = batch[1].long()

    def loss() -> Tensor:
        with autocast(precision, pixels_N3HW.device):
            return torchvision_loss(model, pixels_N3HW, labels_NHW, PROTOCOL.head.auxiliary_weight)

    return sgd_step(model, loss)
