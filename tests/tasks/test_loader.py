from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from transferbench.engine.world import World
from transferbench.errors import DataError
from transferbench.tasks.loader import Loader, scoring_batches


class Numbers:
    """Examples that say who they are and what they drew."""

    def __init__(self, count: int, broken: int = -1) -> None:
        self._count = count
        self._broken = broken

    def __len__(self) -> int:
        return self._count

    def name(self, index: int) -> str:
        return f"number {index}"

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return rng.permutation(len(self))

    def example(self, index: int, rng: np.random.Generator | None, epoch: int = 0) -> tuple[int, float]:
        if index == self._broken:
            raise DataError(f"number {index}: expected a number, found none; count again")
        return index, -1.0 if rng is None else float(rng.random())

    def collate(self, examples: Sequence[tuple[int, float]]) -> torch.Tensor:
        return torch.tensor(examples, dtype=torch.float64)


def drawn(workers: int, *, epoch: int = 1, skip: int = 0, seed: int = 0) -> list[list[list[float]]]:
    loader = Loader(Numbers(11), batch_size=3, seed=seed, workers=workers)
    return [batch.tolist() for batch in loader.epoch(epoch, skip)]


def test_any_number_of_workers_gives_the_same_batches() -> None:
    alone = drawn(0)

    assert drawn(1) == alone
    assert drawn(2) == alone


def test_skipping_leaves_the_later_batches_as_they_are() -> None:
    assert drawn(0, skip=2) == drawn(0)[2:]


def test_epochs_and_seeds_differ_in_order_and_augmentation() -> None:
    assert drawn(0, epoch=2) != drawn(0)
    assert drawn(0, seed=1) != drawn(0)


def test_an_augmentation_belongs_to_the_picture_and_not_to_its_place() -> None:
    everything = {index: draw for batch in drawn(0) for index, draw in batch}

    wider = Loader(Numbers(11), batch_size=5, seed=0, workers=0)

    assert {i: d for batch in wider.epoch(1) for i, d in batch.tolist()}.items() & everything.items()
    assert all(everything.get(i, d) == d for batch in wider.epoch(1) for i, d in batch.tolist())


def test_scoring_takes_every_picture_once_in_order_unaugmented() -> None:
    batches = scoring_batches(Numbers(7), batch_size=3, workers=0, device=torch.device("cpu"))

    assert [pair for batch in batches for pair in batch.tolist()] == [[i, -1] for i in range(7)]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_fault_of_the_data_comes_through_as_it_is(workers: int, tmp_path: Path) -> None:
    loader = Loader(Numbers(4, broken=2), batch_size=2, seed=0, workers=workers)

    with pytest.raises(DataError) as caught:
        list(loader.epoch(0))

    assert str(caught.value) == "number 2: expected a number, found none; count again"


def test_too_few_pictures_for_a_batch_are_told() -> None:
    with pytest.raises(DataError, match="expected at least 8 pictures, one batch, found 5"):
        Loader(Numbers(5), batch_size=8, seed=0, workers=0)


@pytest.mark.parametrize("parts", [1, 2])
def test_the_shares_of_two_processes_are_the_batches_of_one(parts: int) -> None:
    alone = Loader(Numbers(26), batch_size=3, parts=2 * parts, seed=0, workers=0)
    shares = [
        Loader(Numbers(26), batch_size=3, parts=parts, world=World(rank, 2), seed=0, workers=0)
        for rank in (0, 1)
    ]

    batches = [batch.tolist() for batch in alone.epoch(1)]
    first, second = ([batch.tolist() for batch in share.epoch(1)] for share in shares)

    steps = len(batches) // (2 * parts)
    assert len(first) == len(second) == steps * parts
    for step in range(steps):
        own = slice(step * parts, (step + 1) * parts)
        assert first[own] + second[own] == batches[2 * parts * step : 2 * parts * (step + 1)]


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_every_picture_is_scored_once_whatever_the_number_of_processes(world: int) -> None:
    seen = [
        index
        for rank in range(world)
        for batch in scoring_batches(
            Numbers(11), batch_size=2, workers=0, device=torch.device("cpu"), world=World(rank, world)
        )
        for index in batch[:, 0].tolist()
    ]

    assert seen == list(range(11))


def test_the_files_of_a_step_can_be_told_afterwards() -> None:
    loader = Loader(Numbers(11), batch_size=3, seed=0, workers=0)

    batches = [batch[:, 0].tolist() for batch in loader.epoch(4)]

    assert loader.names(4, 1) == [f"number {index:.0f}" for index in batches[1]]
