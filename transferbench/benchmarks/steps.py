"""Training steps in turns: those of our own loop, and those of plain ones.

Dimension key: N images, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.amp.grad_scaler import GradScaler
from torch.nn.functional import cross_entropy

from transferbench.benchmarks.networks import Peer, classifier
from transferbench.benchmarks.pictures import CLASSES
from transferbench.benchmarks.setting import Setting
from transferbench.benchmarks.timing import OURS, Clock
from transferbench.engine.device import autocast, place
from transferbench.engine.loop import Job, fit
from transferbench.engine.plan import Plan, Sgd
from transferbench.tasks.classify.examples import ClassifyBatch
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tricks.bag import Bag

_LR = 1e-4
"""So small that no loss of noise grows out of bounds."""
_MOMENTUM, _WEIGHT_DECAY = 0.9, 1e-4
_WARM_UP_STEPS = 2

Step = Callable[[], None]


class Turns:
    """Batches of a training that lets others make their steps in between, and times them and itself."""

    def __init__(
        self, batch: ClassifyBatch, others: Mapping[str, Step], *, steps: int, rounds: int, clock: Clock
    ) -> None:
        """Takes what is timed.

        Args:
            batch: on the device; the only one there is.
            others: a step of each other way, by its name.
            steps: that each way makes in a round.
            rounds: that count.
            clock: in seconds.
        """
        self._batch = batch
        self._others = others
        self._steps = steps
        self._rounds = rounds
        self._clock = clock
        self.seconds: dict[str, list[float]] = {name: [] for name in (OURS, *others)}

    def __len__(self) -> int:
        return _WARM_UP_STEPS + self._rounds * self._steps + 1

    def epoch(self, epoch: int, skip: int) -> Iterator[ClassifyBatch]:
        """Yields the batch for each step: whoever asks for the next one has made it."""
        for _ in range(_WARM_UP_STEPS):
            for step in self._others.values():
                step()
            yield self._batch
        for _ in range(self._rounds):
            for name, step in self._others.items():
                began = self._clock()
                for _ in range(self._steps):
                    step()
                self.seconds[name].append(self._clock() - began)
            began = self._clock()
            for _ in range(self._steps):
                yield self._batch
            self.seconds[OURS].append(self._clock() - began)
        yield self._batch  # after its last step a training writes its checkpoint, which is not timed

    def names(self, epoch: int, step: int) -> list[str]:
        """Returns what the pictures are called."""
        return ["noise"]


def train(task: ClassifyTask, setting: Setting, turns: Turns) -> None:
    """Trains our network in our loop.

    Raises:
        RunError: memory is short.
    """
    plan = Plan(
        epochs=1,
        batch_size=setting.batch_size,
        lr=_LR,
        optimizer=Sgd(momentum=_MOMENTUM, nesterov=True, weight_decay=_WEIGHT_DECAY),
        precision=setting.precision,
        channels_last=True,
        compile=setting.is_compiled,
    )
    model = place(classifier(setting.arch, CLASSES), setting.device, setting.precision, is_channels_last=True)
    with TemporaryDirectory(prefix="transferbench-") as folder:
        job = Job(
            task,
            model,
            turns,
            plan,
            Bag(),
            seed=0,
            device=setting.device,
            checkpoint=Path(folder) / "last.ckpt",
            identity="bench",
        )
        fit(job, lambda step: None)


def plain_step(peer: Peer, setting: Setting, batch: ClassifyBatch) -> Step:
    """Returns a step of a new network as the shortest loop makes it."""
    model = place(peer.make(), setting.device, setting.precision, is_channels_last=True).train()
    if setting.is_compiled:
        model.compile()
    optimizer = torch.optim.SGD(
        model.parameters(),
        _LR,
        momentum=_MOMENTUM,
        weight_decay=_WEIGHT_DECAY,
        nesterov=True,
        fused=True if setting.device.type == "cuda" else None,
    )
    scaler = GradScaler(setting.device.type, enabled=setting.precision == "fp16")
    loaded_NCHW = batch.images_NCHW if peer.is_prepared_by_step else peer.prepare(batch.images_NCHW)

    def step() -> None:
        images_NCHW = peer.prepare(loaded_NCHW) if peer.is_prepared_by_step else loaded_NCHW
        with autocast(setting.precision, setting.device):
            loss = cross_entropy(model(images_NCHW), batch.labels_N)
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()

    return step
