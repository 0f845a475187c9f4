"""A training step as the shortest loop makes it, and what it takes in time and memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from transferbench.benchmarks.result import Figure
from transferbench.benchmarks.timing import Way, interleaved, one_thread, wall_clock
from transferbench.engine.device import peak_memory_bytes, reset_peak_memory

_MOMENTUM, _LR = 0.9, 1e-5
"""So small that no loss of noise grows out of bounds."""

Step = Callable[[], None]


def sgd_step(model: nn.Module, loss: Callable[[], Tensor]) -> Step:
    """Returns a step of stochastic gradient descent over what is trained of a model.

    Args:
        model: on its device.
        loss: makes the forward pass.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, _LR, momentum=_MOMENTUM)

    def step() -> None:
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    return step


def repeated(step: Step, times: int) -> Step:
    """Returns what makes so many steps."""

    def steps() -> None:
        for _ in range(times):
            step()

    return steps


def timed(ways: Mapping[str, Way], rounds: int, device: torch.device) -> dict[str, list[float]]:
    """Returns the seconds of each way in each round; on a processor those that one thread works."""
    if device.type != "cpu":
        return interleaved(ways, rounds=rounds, clock=wall_clock(device))
    with one_thread():
        return interleaved(ways, rounds=rounds)


def memory_figure(name: str, who: str, way: Way, device: torch.device) -> Figure:
    """Returns the peak of memory in use on a CUDA device while a way is gone.

    Args:
        name: of the comparison.
        who: goes that way, while the networks of all are in memory.
        way: see `interleaved`.
        device: whose memory it is.
    """
    gc.collect()
    torch.cuda.empty_cache()
    reset_peak_memory(device)
    way()
    about = f"peak in use by {who}, both networks in memory"
    return Figure(f"memory_{name}_{who}", about, peak_memory_bytes(device) / 1e9, "GB")
