"""A backbone, a protocol and batches small enough to reason about."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone, Pixels
from transferbench.engine.plan import Plan
from transferbench.tasks.base import Outcome
from transferbench.tasks.segment.examples import SegmentBatch
from transferbench.tasks.segment.settings import Ade20kData, Augment, Head, SegmentProtocol
from transferbench.tasks.segment.task import SegmentTask

PROTOCOL = SegmentProtocol(
    name="tiny",
    about="for tests",
    source="ours",
    data=Ade20kData(),
    plan=Plan(epochs=1, batch_size=2, lr=0.05),
    augment=Augment(base_size=40, crop=32),
    head=Head(dropout=0.0, auxiliary_weight=0.4),
)


class TinyBackbone(Backbone):
    """Four convolutions; strides 4, 8, 8, 8."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.arch = "tiny"
        self.channels = (8, 8, 12, 16)
        self.strides = (4, 8, 8, 8)
        self.pixels = Pixels()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
            self.layers = nn.ModuleList(
                nn.Sequential(nn.Conv2d(i, o, 3, stride=s, padding=1), nn.ReLU())
                for i, o, s in ((8, 8, 2), (8, 8, 2), (8, 12, 1), (12, 16, 1))
            )

    def stem(self, images_NCHW: Tensor) -> Tensor:
        return torch.relu(self.first(images_NCHW))

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        return tuple(self.layers)


def batch_of(task: SegmentTask, split: str = "fit") -> SegmentBatch:
    """Returns the first two pictures of a split."""
    examples = task.fit_examples if split == "fit" else task.score_examples
    rng = np.random.default_rng(0) if split == "fit" else None
    return examples.collate([examples.example(index, rng) for index in range(2)])


def measured(task: SegmentTask, model: torch.nn.Module, *batches: SegmentBatch) -> Outcome:
    """Returns what some batches are worth."""
    return task.outcome([task.measure(model, batches, lambda done: None)])
