"""Parquet files as the hub's `imagenet-1k` has them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fabricate.encoded import jpeg
from tests.fabricate.shards import SYNSETS

NAMES = ("tench, Tinca tinca", "goldfish, Carassius auratus", "great white shark, white shark")


def parquet(
    root: Path, *, train: int = 2, each: int = 12, val: int = 6, names: Sequence[str] = NAMES
) -> Path:
    """Writes training files of `each` rows and one of validation, below `data/`; returns the root."""
    for part in range(train):
        rows = [_row("train", part * each + i) for i in range(each)]
        write_rows(root / f"data/train-{part:05d}-of-{train:05d}.parquet", rows, names=names)
    rows = [_row("val", i) for i in range(val)]
    write_rows(root / "data/validation-00000-of-00001.parquet", rows, names=names)
    return root


def write_rows(
    path: Path, rows: Sequence[Mapping[str, Any]], *, names: Sequence[str] = NAMES, group: int = 5
) -> Path:
    """Writes rows of image and label, in row groups of `group`, and the hub's metadata if there are names."""
    import pyarrow
    from pyarrow import parquet

    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())])
    if names:
        features = {"image": {"_type": "Image"}, "label": {"names": list(names), "_type": "ClassLabel"}}
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=schema), path, row_group_size=group)
    return path


def _row(split: str, number: int) -> dict[str, Any]:
    label = number % len(SYNSETS)
    stem = f"{SYNSETS[label]}_{number}" if split == "train" else f"ILSVRC2012_val_{number:08d}"
    content = jpeg(label, number, split == "val")
    return {"image": {"bytes": content, "path": f"{stem}_{SYNSETS[label]}.JPEG"}, "label": label}
