"""What pictures and labels a tar file of samples holds, and where in it.

Dimension key: N pictures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.imagefolder import EXTENSIONS
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.synsets import synset_number
from transferbench.tasks.classify.sources.tar_members import Member, members

_PICTURES = frozenset(extension.removeprefix(".") for extension in EXTENSIONS)
_CLASS, _JSON = "cls", "json"
LABEL_ENDINGS = (f".{_CLASS}", f".{_JSON}")
_MOST_LABEL_BYTES = 2**20
_GREATEST_LABEL = 2**31


@dataclass
class _Sample:
    """What is known of the members that share a key."""

    picture: Member | None = None
    labels: dict[str, int] = field(default_factory=dict)
    """By the member that states it."""
    dotted: str = ""
    """A member that would be a picture or a label, did the key end at the last dot."""


def index_tar(path: Path) -> dict[str, np.ndarray]:
    """Returns what the pictures are, in order, as arrays.

    `offsets_N` and `sizes_N` in bytes; `labels_N`; `synsets_N`, -1 where no name tells one; `block` and
    `ends` of the members' `Names`.

    The members of a sample share a key, which is their path up to the first dot of the file's name: a
    picture, and its label as KEY.cls (a number) or in KEY.json (as "label"). Others are passed over, also
    KEY.seg.png.

    Raises:
        DataError: the file is cut off or no tar file; a picture has no label, or a label no picture; labels
            differ; a key occurs twice, or has a dot.

    Source:
        The webdataset format; https://github.com/webdataset/webdataset.
    """
    try:
        with path.open("rb") as file:
            samples = _samples(file, path)
    except OSError as error:
        raise DataError(f"{path}: expected a tar file, found {error.strerror}; copy it again") from error
    used = [sample for sample in samples.values() if sample.picture or sample.labels or sample.dotted]
    pictures = [_picture(sample, path) for sample in used]
    if not pictures:
        raise DataError(
            f"{path}: expected pictures (KEY.jpg) and labels (KEY.cls, KEY.json), found none; "
            "remove the file, or copy it again"
        )
    names = Names.of(picture.name for picture in pictures)
    return {
        "offsets_N": np.array([picture.offset for picture in pictures], np.int64),
        "sizes_N": np.array([picture.size for picture in pictures], np.int64),
        "labels_N": np.array([_label(sample, path) for sample in used], np.int64),
        "synsets_N": np.array([synset_number(picture.name) for picture in pictures], np.int64),
        "block": names.block,
        "ends": names.ends,
    }


def _samples(file: BinaryIO, path: Path) -> dict[str, _Sample]:
    samples: dict[str, _Sample] = {}
    for member in members(file, path):
        folder, _, name = member.name.rpartition("/")
        stem, _, kind = name.partition(".")
        kind = kind.lower()
        is_dotted = bool(stem) and kind.rpartition(".")[2] in (*_PICTURES, _CLASS) and "." in kind
        if kind not in _PICTURES and kind not in (_CLASS, _JSON) and not is_dotted:
            continue
        sample = samples.setdefault(f"{folder}/{stem}", _Sample())
        if is_dotted:
            sample.dotted = member.name
        elif kind in _PICTURES:
            if sample.picture is not None:
                raise DataError(
                    f"{path}:{member.name}: expected one picture of each key, found another, "
                    f"{sample.picture.name!r}; pack the data again"
                )
            sample.picture = member
        else:
            label = _stated(file, member, path)
            if label is not None:
                sample.labels[member.name] = label
    return samples


def _stated(file: BinaryIO, member: Member, path: Path) -> int | None:
    """Returns the label in a member; None if it is JSON that says nothing of it."""
    file.seek(member.offset)
    content = file.read(min(member.size, _MOST_LABEL_BYTES))
    try:
        label = int(content) if member.name.lower().endswith(_CLASS) else _in_json(content)
        if label is not None and abs(label) > _GREATEST_LABEL:
            raise ValueError(label)
        return label
    except ValueError as error:
        raise DataError(
            f"{path}:{member.name}: expected a label, found {content[:40]!r}; pack the data again"
        ) from error


def _in_json(content: bytes) -> int | None:
    said = json.loads(content)
    label = said.get("label") if isinstance(said, dict) else None
    return label if isinstance(label, int) else None


def _picture(sample: _Sample, path: Path) -> Member:
    if sample.picture is None and not sample.labels:
        raise DataError(
            f"{path}:{sample.dotted}: expected a key that ends at the first dot, found none with a picture "
            "or label; take the dots out of the keys"
        )
    if sample.picture is None:
        raise DataError(
            f"{path}:{next(iter(sample.labels))}: expected a picture beside the label, found none; "
            "pack the data again"
        )
    return sample.picture


def _label(sample: _Sample, path: Path) -> int:
    assert sample.picture is not None
    stated = set(sample.labels.values())
    if len(stated) != 1:
        found = "none" if not stated else ", ".join(f"{v} in {k!r}" for k, v in sample.labels.items())
        raise DataError(
            f"{path}:{sample.picture.name}: expected one label beside the picture, as .cls or .json, "
            f"found {found}; pack the data again"
        )
    return stated.pop()
