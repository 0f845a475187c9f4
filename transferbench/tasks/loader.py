"""Batches in an order, and with an augmentation, that depend on (seed, epoch, sample) alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from transferbench.engine.world import ALONE, World
from transferbench.errors import DataError
from transferbench.tasks.base import Examples

_Key = tuple[int, int]


class Loader:
    """The training split, epoch after epoch; an incomplete last step is left out."""

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        seed: int,
        workers: int,
        parts: int = 1,
        world: World = ALONE,
    ) -> None:
        """Takes the split.

        Args:
            examples: the split.
            batch_size: pictures in a batch.
            seed: of order and augmentation.
            workers: processes that decode; 0 decodes in this one. The batches are the same.
            parts: batches that a step takes together in this process.
            world: who else takes a share; all shares together are what one process would see.

        Raises:
            DataError: the split has fewer pictures than one step takes.
        """
        step = batch_size * parts * world.size
        if len(examples) < step:
            raise DataError(
                f"training split: expected at least {step} pictures, one batch, found {len(examples)}; "
                "take a smaller batch (--set plan.batch_size=...) or more pictures"
            )
        self._examples = examples
        self._keys = _EpochKeys(examples, batch_size, parts, world=world, seed=seed)
        self._loader = _loader(_Keyed(examples, seed), self._keys, workers)

    def __len__(self) -> int:
        return len(self._keys)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        """Yields the batches of an epoch, the first `skip` left out.

        Raises:
            DataError: a picture cannot be read.
        """
        self._keys.epoch, self._keys.skip = epoch, skip
        return _unwrapped(self._loader)

    def names(self, epoch: int, step: int) -> list[str]:
        """Returns the files of one step of an epoch, those of all processes."""
        return [self._examples.name(int(index)) for index in self._keys.of_step(epoch, step)]


def scoring_batches(
    examples: Examples, *, batch_size: int, workers: int, device: torch.device, world: World = ALONE
) -> Iterator[Any]:
    """Yields a split once, in order, unaugmented, on the device.

    With several processes each gets a stretch of it, of its own length: every picture is scored once.

    Raises:
        DataError: a picture cannot be read.
    """
    count = len(examples)
    start, stop = (rank * count // world.size for rank in (world.rank, world.rank + 1))
    keys = [[(-1, i) for i in range(at, min(at + batch_size, stop))] for at in range(start, stop, batch_size)]
    for batch in _unwrapped(_loader(_Keyed(examples, None), keys, workers)):
        yield batch.to(device)


class _EpochKeys:
    """The (epoch, index) pairs of an epoch, in batches."""

    def __init__(self, examples: Examples, batch_size: int, parts: int, *, world: World, seed: int) -> None:
        self._examples = examples
        self._batch_size = batch_size
        self._parts = parts
        self._world = world
        self._seed = seed
        self.epoch = 0
        self.skip = 0

    def __len__(self) -> int:
        steps = len(self._examples) // (self._batch_size * self._parts * self._world.size)
        return steps * self._parts

    def __iter__(self) -> Iterator[list[_Key]]:
        order = self._order(self.epoch)
        for batch in range(self.skip, len(self)):
            yield [(self.epoch, int(index)) for index in self._chosen(order, batch)]

    def of_step(self, epoch: int, step: int) -> np.ndarray:
        """Returns the indices of one step, those of all processes."""
        size = self._batch_size * self._parts * self._world.size
        return self._order(epoch)[step * size : (step + 1) * size]

    def _order(self, epoch: int) -> np.ndarray:
        return self._examples.order(np.random.default_rng((self._seed, epoch)))

    def _chosen(self, order: np.ndarray, batch: int) -> np.ndarray:
        step, own = divmod(batch, self._parts)
        place = (step * self._world.size + self._world.rank) * self._parts + own
        return order[place * self._batch_size : (place + 1) * self._batch_size]


class _Failure:
    """An error on its way out of a worker, where torch would bury its message in a traceback."""

    def __init__(self, message: str) -> None:
        self.message = message


class _Keyed(Dataset[Any]):
    """Examples by (epoch, index); a batch at a time."""

    def __init__(self, examples: Examples, seed: int | None) -> None:
        self._examples = examples
        self._seed = seed

    def __getitems__(self, keys: Sequence[_Key]) -> Any:
        try:
            return self._examples.collate([self._examples.example(i, self._rng(e, i), e) for e, i in keys])
        except DataError as error:
            return _Failure(str(error))

    def __getitem__(self, key: _Key) -> Any:
        return self.__getitems__([key])

    def _rng(self, epoch: int, index: int) -> np.random.Generator | None:
        return None if self._seed is None else np.random.default_rng((self._seed, epoch, index))


def _loader(examples: _Keyed, keys: Any, workers: int) -> DataLoader[Any]:
    return DataLoader(
        examples,
        batch_sampler=keys,
        num_workers=workers,
        collate_fn=_as_is,
        persistent_workers=workers > 0,
        multiprocessing_context="fork" if workers else None,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),
    )


def _as_is(batch: Any) -> Any:
    return batch


def _unwrapped(loader: DataLoader[Any]) -> Iterator[Any]:
    for batch in loader:
        if isinstance(batch, _Failure):
            raise DataError(batch.message)
        yield batch
