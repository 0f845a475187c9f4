"""A training step of our detector against torchvision's own Faster R-CNN with the same layers and settings.

Dimension key: N images, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from transferbench.backbones.weights.asked import Use
from transferbench.backbones.weights.load import load_backbone
from transferbench.benchmarks.detector import torchvision_detector
from transferbench.benchmarks.plain_step import Step, memory_figure, repeated, sgd_step, timed
from transferbench.benchmarks.result import Comparison, Result
from transferbench.benchmarks.timing import OURS
from transferbench.engine.device import describe, keep_freed_memory, place
from transferbench.tasks.detect.model.detector import Detector, detector
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import DetectProtocol

_CLASSES = 20
_OBJECTS = 3
_MEANT = (
    "noise with 3 objects a picture, on the device and of its final size: ours turns bytes to floats, "
    "torchvision is given floats; forward pass, backward pass and a step of SGD; on a processor by one thread"
)

Batch = tuple[list[Tensor], list[tuple[Tensor, Tensor]]]


@dataclass(frozen=True)
class Size:
    """One comparison."""

    name: str
    protocol: str
    arch: str
    pictures: int
    rounds: int
    steps: int = 1
    """In each round."""


def sizes_of(device: torch.device) -> tuple[Size, ...]:
    """Returns what is compared on a device, in less than a minute."""
    if device.type == "cpu":
        return (
            Size("step_miniature", "miniature@1", "mini_d", pictures=4, rounds=25),
            Size("step_full", "voc07-fpn@1", "resnet18_d", pictures=1, rounds=4),
        )
    return (
        Size("step_miniature", "miniature@1", "mini_d", pictures=4, rounds=7, steps=10),
        Size("step_full", "voc07-fpn@1", "resnet50_d", pictures=4, rounds=5, steps=5),
        Size("step_c4", "voc07-c4@1", "resnet50_d", pictures=4, rounds=5, steps=5),
    )


def bench_detect(device: torch.device, sizes: tuple[Size, ...] | None = None) -> Result:
    """Returns how long a training step of detection takes, a picture.

    Args:
        device: it is made on.
        sizes: what is compared; None for what suits the device.
    """
    keep_freed_memory()
    comparisons, figures, notes = [], [], []
    for size in sizes if sizes is not None else sizes_of(device):
        protocol = comparable(PROTOCOLS[size.protocol])
        model, batch = _detector(size, protocol, device), noise(size, protocol, device)
        ways = {"torchvision": repeated(their_step(torchvision_detector(model), batch), size.steps)}
        # Our loop trains in the memory format that the plan says.
        place(model, device, "fp32", is_channels_last=protocol.plan.channels_last)
        ways = {OURS: repeated(our_step(model, batch), size.steps), **ways}
        seconds = timed(ways, size.rounds, device)
        about = f"a training step of {size.protocol}, a picture"
        pictures = size.steps * size.pictures
        comparisons.append(Comparison.of(size.name, about, seconds, pictures=pictures))
        notes.append(f"{size.name}: {size.arch}, {size.pictures} pictures, short side {protocol.short_side}")
        if device.type == "cuda":
            figures += [memory_figure(size.name, name, way, device) for name, way in ways.items()]
        del ways, model, batch
    return Result(tuple(comparisons), describe(device), tuple(figures), notes=(*notes, _MEANT))


def comparable(protocol: DetectProtocol) -> DetectProtocol:
    """Returns a protocol with the settings that torchvision has, and with nothing frozen but as it says."""
    head = protocol.head
    rpn = head.rpn.model_copy(update={"trains_across_border": True, "box_loss_beta": 1 / 9})
    roi = head.roi.model_copy(update={"aligned": False, "box_loss_beta": 1 / 9, "before_nms": None})
    same = head.model_copy(update={"anchor_form": "torchvision", "rpn": rpn, "roi": roi})
    return protocol.model_copy(update={"head": same, "train_short_sides": ()})


def noise(size: Size, protocol: DetectProtocol, device: torch.device) -> Batch:
    """Returns pictures of the size they are resized to, and objects in them."""
    rng = torch.Generator().manual_seed(0)
    height, width = protocol.short_side, protocol.short_side * 4 // 3
    images = torch.randint(256, (size.pictures, height, width, 3), generator=rng, dtype=torch.uint8)
    corners = torch.rand(size.pictures, _OBJECTS, 2, generator=rng) * height / 2
    sides = (0.1 + 0.4 * torch.rand(size.pictures, _OBJECTS, 2, generator=rng)) * height
    boxes = torch.cat([corners, corners + sides], 2).to(device)
    labels = torch.randint(_CLASSES, (size.pictures, _OBJECTS), generator=rng).to(device)
    return list(images.to(device)), list(zip(boxes, labels, strict=True))


def our_step(model: Detector, batch: Batch) -> Step:
    """Returns a training step of our detector."""
    images, truth = batch
    return sgd_step(model, _summed(lambda: model(images, truth)))


def their_step(model: nn.Module, batch: Batch) -> Step:
    """Returns a training step of torchvision's."""
    images = [image.permute(2, 0, 1).float().div(255) for image in batch[0]]
    targets = [{"boxes": boxes_R4, "labels": labels_R + 1} for boxes_R4, labels_R in batch[1]]
    return sgd_step(model, _summed(lambda: model(images, targets)))


def _summed(losses: Callable[[], dict[str, Tensor]]) -> Callable[[], Tensor]:
    return lambda: torch.stack(list(losses().values())).sum()


def _detector(size: Size, protocol: DetectProtocol, device: torch.device) -> Detector:
    """Returns a detector whose weights are random and whose frozen norms are as after some training."""
    backbone = load_backbone(f"random:{size.arch}", Use(is_dense=True), seed=0).backbone
    backbone.train()(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    backbone.is_loaded = True
    return detector(backbone, _CLASSES, protocol, 0).to(device).train()
