"""Batches are the same in every layout, however many processes read them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.parquet import parquet
from tests.fabricate.shards import sample, shards, write_tar
from transferbench.engine.world import ALONE, World
from transferbench.errors import DataError
from transferbench.tasks.classify.examples import ClassifyExamples
from transferbench.tasks.classify.layouts import AnyData, ParquetData, ShardData
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.classify.sources.source import open_source
from transferbench.tasks.loader import Loader, scoring_batches
from transferbench.tricks.bag import Bag

PROTOCOL = ClassifyProtocol(name="tiny", about="", source="", input_size=16)
SEQUENCES = pytest.mark.parametrize(
    ("layout", "data"), [(shards, ShardData(buffer=4)), (parquet, ParquetData(buffer=4))]
)


def examples(root: Path, data: ShardData | ParquetData | AnyData, split: str = "train") -> ClassifyExamples:
    return ClassifyExamples(open_source(root, data, split), PROTOCOL, Bag())  # type: ignore[arg-type]


def batches(found: ClassifyExamples, workers: int, world: World = ALONE) -> list[tuple[bytes, list[int]]]:
    loader = Loader(found, batch_size=3, seed=0, workers=workers, world=world)
    return [(batch.images_NCHW.numpy().tobytes(), batch.labels_N.tolist()) for batch in loader.epoch(1)]


def test_a_batch_holds_bytes_and_labels(tmp_path: Path) -> None:
    found = examples(imagefolder(tmp_path), AnyData(), "score")

    batch = found.collate([found.example(i, np.random.default_rng(i)) for i in range(len(found))])

    assert batch.images_NCHW.shape == (6, 3, 16, 16)
    assert str(batch.images_NCHW.dtype) == "torch.uint8"
    assert batch.labels_N.tolist() == [0, 0, 1, 1, 2, 2]


@SEQUENCES
def test_any_number_of_workers_reads_the_same(
    tmp_path: Path, layout: Callable[[Path], Path], data: ShardData | ParquetData
) -> None:
    root = layout(tmp_path)
    alone = batches(examples(root, data), 0)

    assert len(alone) == 8
    assert len({content for content, _ in alone}) == 8
    for workers in (1, 2):
        assert batches(examples(root, data), workers) == alone


@SEQUENCES
@pytest.mark.parametrize("workers", [0, 2])
def test_two_processes_read_together_what_one_reads(
    tmp_path: Path, layout: Callable[[Path], Path], data: ShardData | ParquetData, workers: int
) -> None:
    found = examples(layout(tmp_path), data)

    shares = [batches(found, workers, World(rank, 2)) for rank in (0, 1)]

    assert [batch for step in zip(*shares, strict=True) for batch in step] == batches(found, 0)


@SEQUENCES
def test_the_shares_of_processes_are_every_picture_once(
    tmp_path: Path, layout: Callable[[Path], Path], data: ShardData | ParquetData
) -> None:
    found = examples(layout(tmp_path), data)

    loaders = [Loader(found, batch_size=3, seed=0, workers=0, world=World(rank, 2)) for rank in (0, 1)]
    names = [name for step in range(len(loaders[0])) for name in loaders[0].names(1, step)]

    assert sorted(names) == sorted(found.name(index) for index in range(24))
    assert [loader.names(1, 2) for loader in loaders] == [names[12:18]] * 2


@SEQUENCES
def test_scoring_is_in_the_order_of_the_files(
    tmp_path: Path, layout: Callable[[Path], Path], data: ShardData | ParquetData
) -> None:
    found = examples(layout(tmp_path), data, "score")

    labels = [
        label
        for rank in (0, 1)
        for batch in scoring_batches(
            found, batch_size=2, workers=1, device=torch.device("cpu"), world=World(rank, 2)
        )
        for label in batch.labels_N.tolist()
    ]

    assert labels == found.source.labels.tolist()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_decoded_is_named_by_its_shard(tmp_path: Path, workers: int) -> None:
    members = [*sample("a", 0), *sample("b", 1), ("c.cls", b"1"), ("c.jpg", b"no picture")]
    found = examples(write_tar(tmp_path / "train.tar", members).parent, AnyData())

    with pytest.raises(DataError, match=rf"^{tmp_path}/train\.tar:c\.jpg: expected a whole picture, found"):
        batches(found, workers)


def test_a_picture_that_was_decoded_is_kept(tmp_path: Path) -> None:
    found = examples(shards(tmp_path), AnyData())
    first = found.example(3, np.random.default_rng(0))

    for path in tmp_path.glob("*.tar"):
        path.write_bytes(b"")

    again = found.example(3, np.random.default_rng(0))
    assert np.array_equal(first[0], again[0])
    with pytest.raises(DataError):
        found.example(4, np.random.default_rng(0))


def test_what_is_kept_decoded_makes_no_difference(tmp_path: Path) -> None:
    source = open_source(imagefolder(tmp_path), AnyData(), "train")
    all_kept, none_kept = (ClassifyExamples(source, PROTOCOL, Bag(), kept_bytes=n) for n in (2**20, 0))

    pairs = [
        [examples.example(index, np.random.default_rng(seed))[0] for examples in (all_kept, none_kept)]
        for seed in (0, 1)
        for index in range(len(source))
    ]

    assert all(np.array_equal(kept, read) for kept, read in pairs)
