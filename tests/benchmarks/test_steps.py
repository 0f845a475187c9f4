from collections.abc import Callable

import torch

from transferbench.benchmarks.networks import Peer
from transferbench.benchmarks.setting import Setting
from transferbench.benchmarks.steps import Turns, plain_step
from transferbench.tasks.classify.colours import ColourMap
from transferbench.tasks.classify.examples import ClassifyBatch

BATCH = ClassifyBatch(
    torch.zeros(2, 3, 8, 8, dtype=torch.uint8),
    ColourMap(torch.eye(3).expand(2, 3, 3), torch.zeros(2, 3)),
    torch.tensor([0, 1]),
)
SETTING = Setting("mini_d", 8, 2, "fp32", torch.device("cpu"))


class Clock:
    """Goes on only when something takes time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def step(self, seconds: float) -> Callable[[], None]:
        """Returns a step that takes so long."""

        def go() -> None:
            self.now += seconds

        return go


def test_a_training_is_timed_from_batch_to_batch_and_others_in_between() -> None:
    clock = Clock()
    turns = Turns(BATCH, {"plain": clock.step(3)}, steps=2, rounds=3, clock=clock)

    batches = 0
    for _batch in turns.epoch(0, 0):
        batches += 1
        clock.now += 5 if batches < len(turns) else 1000  # the last step writes a checkpoint

    assert batches == len(turns)
    assert turns.seconds == {"ours": [10, 10, 10], "plain": [6, 6, 6]}


def test_a_plain_step_prepares_its_images_and_trains() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 2))
    shown: list[torch.Tensor] = []

    def prepare(images_NCHW: torch.Tensor) -> torch.Tensor:
        shown.append(images_NCHW)
        return images_NCHW.float() + 1

    before = next(network.parameters()).detach().clone()
    step = plain_step(Peer(lambda: network, prepare, is_prepared_by_step=True), SETTING, BATCH)
    step()
    step()

    assert len(shown) == 2
    assert not next(network.parameters()).equal(before)


def test_a_loader_prepares_its_images_once() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 2))
    shown: list[torch.Tensor] = []

    def prepare(images_NCHW: torch.Tensor) -> torch.Tensor:
        shown.append(images_NCHW)
        return images_NCHW.float()

    step = plain_step(Peer(lambda: network, prepare, is_prepared_by_step=False), SETTING, BATCH)
    step()
    step()

    assert len(shown) == 1
