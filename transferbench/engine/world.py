"""The processes that train one model together. Imports no torch before they meet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transferbench.errors import RunError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class World:
    """How many processes there are, and which of them this one is.

    What says "together" must be called by all of them, in the same order.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Among the processes of this machine, which is the number of its accelerator."""

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other process."""
        return self.size == 1

    def agree(self, *numbers: int) -> tuple[int, ...]:
        """Returns, for each place, the greatest number that any process gave; together."""
        if self.is_alone:
            return numbers
        return tuple(max(column) for column in zip(*self.gather(numbers), strict=True))

    def gather(self, value: Any) -> list[Any]:
        """Returns the values of all processes, by rank; together."""
        if self.is_alone:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values

    def share(self, value: Any) -> Any:
        """Returns the value of the first process; together."""
        if self.is_alone:
            return value
        from torch import distributed

        values = [value]
        distributed.broadcast_object_list(values, src=0)
        return values[0]

    def mean(self, values: Tensor) -> Tensor:
        """Returns the mean over the processes, element by element; together."""
        if self.is_alone:
            return values
        from torch import distributed

        total = values.clone()
        distributed.all_reduce(total)
        return total / self.size

    def average_statistics(self, model: nn.Module) -> None:
        """Gives every process the mean of all their batch-norm statistics; together.

        Source:
            Gluon's `Parameter._reduce`, by which the released code saves what several devices saw.
        """
        if self.is_alone:
            return
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.copy_(self.mean(buffer))


ALONE = World()
_TRANSPORTS = ("gloo", "NCCL")


def world_here() -> World:
    """Returns the world that `torchrun` has set up, or that of a single process."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    return World(int(os.environ["RANK"]), size, int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def met(world: World, device: torch.device) -> Iterator[None]:
    """Lets the processes of a world talk to each other: by NCCL between accelerators, else by gloo.

    Raises:
        RunError: another process ended while this one waited for it.

    Source:
        torch.distributed, whose address comes from the environment that `torchrun` sets.
    """
    if world.is_alone:
        yield
        return
    import torch
    from torch import distributed

    is_cuda = device.type == "cuda"
    if is_cuda:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if is_cuda else "gloo")
    try:
        yield
    except RuntimeError as error:
        if not (isinstance(error, distributed.DistError) or any(name in str(error) for name in _TRANSPORTS)):
            raise
        raise RunError(
            f"expected all {world.size} processes of this run at work, found one that has ended "
            f"({str(error).splitlines()[0]}); see what it says, and start them again with --resume"
        ) from error
    finally:
        distributed.destroy_process_group()
