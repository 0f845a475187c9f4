"""What labelled pictures a Parquet file holds, and how many rows its groups have.

Dimension key: N pictures, G row groups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.synsets import NO_SYNSET, synset_number

IMAGE, LABEL = "image", "label"
BYTES, PATH = "bytes", "path"
_METADATA = b"huggingface"


def index_parquet(path: Path) -> dict[str, np.ndarray]:
    """Returns what the rows are, as arrays.

    `labels_N`; `synsets_N`, -1 where no path tells one; `rows_G`, the rows of each group; `named`, the bytes
    of a JSON list: the names of the labels, as the hub's metadata state them, empty if they state none.

    Raises:
        DataError: pyarrow is not installed; the file is no Parquet file or cut off; a column is missing or
            of another type; a label is missing.
    """
    with opened(path) as file:
        _require_columns(path, file.schema_arrow)
        rows_G = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        has_paths = file.schema_arrow.field(IMAGE).type.get_field_index(PATH) >= 0
        columns = [LABEL, f"{IMAGE}.{PATH}"] if has_paths else [LABEL]
        named = _named_classes(file.schema_arrow.metadata or {})
        table = file.read(columns=columns, use_threads=False)
    labels = table.column(LABEL).combine_chunks()
    if labels.null_count:
        row = labels.is_null().to_pylist().index(True)
        raise DataError(f"{path}:row {row}: expected a label, found none; get the file again")
    if not len(labels):
        raise DataError(f"{path}: expected rows, found none; remove the file, or get it again")
    names = (
        table.column(IMAGE).combine_chunks().field(PATH).to_pylist() if has_paths else [None] * len(labels)
    )
    return {
        "labels_N": labels.to_numpy().astype(np.int64),
        "synsets_N": np.array([NO_SYNSET if n is None else synset_number(n) for n in names], np.int64),
        "rows_G": np.array(rows_G, np.int64),
        "named": np.frombuffer(json.dumps(named).encode(), np.uint8),
    }


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Gives a file of pyarrow's.

    Raises:
        DataError: pyarrow is not installed, or what is read is cut off or damaged.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise DataError(
            f"{path}: expected pyarrow, which reads Parquet files, found it not installed; "
            "pip install 'transferbench[parquet]'"
        ) from error
    try:
        with ParquetFile(path) as file:
            yield file
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            f"{path}: expected a whole Parquet file, found one that cannot be read ({error}); get it again"
        ) from error


def _require_columns(path: Path, schema: Any) -> None:
    import pyarrow
    from pyarrow import types

    found = {name: schema.field(name).type for name in schema.names}
    image, label = (found.get(name, pyarrow.null()) for name in (IMAGE, LABEL))
    holds_bytes = types.is_struct(image) and image.get_field_index(BYTES) >= 0
    kind = image.field(BYTES).type if holds_bytes else image
    is_right = holds_bytes and (types.is_binary(kind) or types.is_large_binary(kind))
    if not (is_right and types.is_integer(label)):
        columns = ", ".join(f"{name} ({kind})" for name, kind in found.items()) or "none"
        raise DataError(
            f"{path}: expected the columns {IMAGE} (struct<{BYTES}: binary, {PATH}: string>) and {LABEL} "
            f"(integer), found {columns}; take the file that the hub keeps, or name its columns so"
        )


def _named_classes(metadata: Mapping[bytes, bytes]) -> list[str]:
    try:
        return [str(name) for name in json.loads(metadata[_METADATA])["info"]["features"][LABEL]["names"]]
    except (KeyError, TypeError, ValueError):
        return []
