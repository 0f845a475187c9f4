"""Predictions that other tools have saved: a folder of masks in the data set's own values.

Dimension key: H x W pixels, K classes, V = 256 values of a mask file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from transferbench.errors import DataError
from transferbench.tasks.base import Foreign
from transferbench.tasks.faults import raise_together
from transferbench.tasks.predicted import MASK_ENDING
from transferbench.tasks.segment.metric.scores import mean_iou
from transferbench.tasks.segment.metric.tally import SINGLE, Tally
from transferbench.tasks.segment.sources.masks import (
    ANY_MODES,
    IGNORED,
    VALUES,
    MaskCode,
    Pair,
    SplitPairs,
    read_labels,
    read_values,
)
from transferbench.tasks.segment.sources.remarks import listed
from transferbench.tasks.segment.stored import packed, stored

_THREADS, _AHEAD = 4, 8
_ADVICE = "write the values that the data set's own masks have"
_TIMES, _MORE = 3.0, 0.02
"""Another reading must have more than so many times the mIoU, and more than so much more."""


@dataclass(frozen=True)
class _Read:
    """One predicted mask beside its truth."""

    truth_HW: np.ndarray
    predicted_HW: np.ndarray
    """Labels, both of them."""
    values_KV: np.ndarray
    """Pixels by class of the truth and predicted value."""
    content: bytes


def read_masks(path: Path, split: SplitPairs) -> Foreign:
    """Returns what saved masks say of the scored pictures; one is in memory at a time, and a few read ahead.

    A mask has the name of its picture, or that of the data set's own mask, and ends in `.png`, or is called
    `NAME_mask.png`, as `predict` writes it; it is in the folder itself or in the same folder in it as the
    picture. An ignored value is a prediction of no class, wrong wherever there is truth.

    Args:
        path: the folder.
        split: the data set.

    Raises:
        DataError: masks are missing, malformed, of another size than their pictures or hold values that the
            data set's masks may not; ten at most are told. Or their values are off by one.
    """
    there = _png_files(path)
    files = _files(path, split.score, there)
    code = replace(split.code, modes=ANY_MODES, advice=_ADVICE)
    tally = Tally(len(split.classes))
    values_KV = np.zeros((len(split.classes), VALUES), np.int64)
    contents: list[bytes] = []
    faults: list[str] = []
    for read in _ahead(split.score, files, [split.code, code]):
        if isinstance(read, str):
            faults.append(read)
            continue
        tally.add(SINGLE, torch.from_numpy(read.truth_HW), torch.from_numpy(read.predicted_HW))
        values_KV += read.values_KV
        contents.append(read.content)
    raise_together(faults)
    _require_unshifted(path, values_KV, split.code)
    remarks = _remarks(there, files, split.classes, tally.confusion(SINGLE))
    return Foreign({**tally.sparse(), **packed(contents)}, tuple(remarks))


def _png_files(path: Path) -> Mapping[str, Path]:
    """Returns the PNG files of a folder by their paths in it, the ending in small letters."""
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        raise DataError(
            f"{path}: expected a folder of masks, a PNG for each scored picture, found {found}; give where "
            "they are"
        )
    files = (file for file in sorted(path.rglob("*")) if file.suffix.lower() == ".png" and file.is_file())
    return {file.relative_to(path).with_suffix(".png").as_posix(): file for file in files}


def _files(path: Path, pairs: Sequence[Pair], there: Mapping[str, Path]) -> Mapping[Pair, Path]:
    """Returns the predicted mask of each picture; for one without, where it was to be."""
    file_of = {
        pair: next((there[name] for name in _masks_first(pair) if name in there), path / _names(pair)[0])
        for pair in pairs
    }
    if set(file_of.values()).isdisjoint(there.values()):
        raise DataError(
            f"{path}: expected masks named as the scored pictures or their masks, as {_names(pairs[0])[0]}, "
            f"found {len(there):,} PNG files, none of such a name; rename them, or give their folder"
        )
    picture_of: dict[Path, Pair] = {}
    doubles = [
        f"{file}: expected the mask of one picture, found two, {other.picture} and {pair.picture}; put them "
        "in folders as the pictures are"
        for pair, file in file_of.items()
        if (other := picture_of.setdefault(file, pair)) is not pair
    ]
    raise_together(doubles)
    return file_of


def _names(pair: Pair) -> list[str]:
    return [
        f"{folder}{stem}.png"
        for folder in ([f"{pair.subfolder}/", ""] if pair.subfolder else [""])
        for stem in (pair.picture.stem, pair.mask.stem, f"{pair.picture.stem}{MASK_ENDING}")
    ]


def _masks_first(pair: Pair) -> list[str]:
    """Returns the names with that of `predict` first, whose drawings are called as the pictures are."""
    return sorted(_names(pair), key=lambda name: not name.endswith(f"{MASK_ENDING}.png"))


def _ahead(
    pairs: Sequence[Pair], files: Mapping[Pair, Path], codes: Sequence[MaskCode]
) -> Iterator[_Read | str]:
    """Yields each mask in order, or what is wrong with it, while threads read the next few."""
    waiting: deque[Future[_Read | str]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for pair in pairs:
            waiting.append(pool.submit(_read_or_fault, pair, files[pair], codes))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read_or_fault(pair: Pair, file: Path, codes: Sequence[MaskCode]) -> _Read | str:
    of_truth, of_prediction = codes
    if not file.is_file():
        return f"{file}: expected the mask of {pair.name}, found no such file; predict the whole split"
    try:
        truth_HW = read_labels(pair, of_truth)
        values_HW = read_values(file, of_prediction)
    except DataError as error:
        return str(error)
    if values_HW.shape != truth_HW.shape:
        (height, width), found = truth_HW.shape, values_HW.shape
        return (
            f"{file}: expected the size of its picture, {width}x{height}, found {found[1]}x{found[0]}; "
            "predict pictures at their own size"
        )
    classes = int(np.count_nonzero(of_truth.labels_V != IGNORED))
    cells = np.minimum(truth_HW, classes).astype(np.int32) * VALUES + values_HW
    counts = np.bincount(cells.ravel(), minlength=(classes + 1) * VALUES).reshape(-1, VALUES)
    predicted_HW = of_prediction.labels_V[values_HW]
    return _Read(truth_HW, predicted_HW, counts[:classes], stored(predicted_HW))


def _require_unshifted(path: Path, values_KV: np.ndarray, code: MaskCode) -> None:
    """Checks that another reading of every value does not give far better predictions.

    Raises:
        DataError: one does: more than 3 times the mIoU, and more than 0.02 more.
    """
    count = int(np.count_nonzero(code.labels_V != IGNORED))
    places_V = np.where(np.arange(VALUES) < count, np.arange(VALUES), IGNORED)
    readings = (
        ("each value one higher", "values are off by one", np.append(code.labels_V[1:], IGNORED)),
        ("each value one lower", "values are off by one", np.append(IGNORED, code.labels_V[:-1])),
        ("the classes numbered 0, 1, ...", "values are numbers that the tool gave them", places_V),
    )
    given = _miou(values_KV, code.labels_V)
    for words, what, labels_V in readings:
        moved = _miou(values_KV, labels_V)
        if moved > _TIMES * given and moved > given + _MORE:
            raise DataError(
                f"{path}: expected the values of the data set, {code.legal}, found a mean IoU of {given:.3f} "
                f"as written and of {moved:.3f} with {words}; {what}: {_ADVICE}"
            )


def _miou(values_KV: np.ndarray, labels_V: np.ndarray) -> float:
    classes = len(values_KV)
    confusion_KK1 = np.zeros((classes, classes + 1), np.int64)
    np.add.at(confusion_KK1.T, np.minimum(labels_V, classes), values_KV.T)
    return mean_iou(confusion_KK1)


def _remarks(
    there: Mapping[str, Path],
    files: Mapping[Pair, Path],
    classes: Sequence[str],
    confusion_KK1: np.ndarray,
) -> Iterator[str]:
    used = set(files.values())
    others = [file for file in there.values() if file not in used]
    if others:
        yield f"{len(others):,} PNG files that belong to no scored picture: first {others[0].name}"
    undecided = confusion_KK1[:, -1].sum() / confusion_KK1.sum()
    if undecided:
        yield f"{undecided:.1%} of the labelled pixels are predicted to be of no class, and so are wrong"
    silent = [name for name, pixels in zip(classes, confusion_KK1.sum(axis=0), strict=False) if not pixels]
    if silent:
        yield f"{listed(silent, len(classes))} never predicted"
