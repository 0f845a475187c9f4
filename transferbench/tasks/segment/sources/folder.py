"""Reads any folders of pictures and masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.faults import raise_together
from transferbench.tasks.picture_files import EXTENSIONS, pictures_in
from transferbench.tasks.segment.settings import FolderData, FolderSet
from transferbench.tasks.segment.sources.classes import ClassRow, read_class_file, rows_of, values_of
from transferbench.tasks.segment.sources.masks import ANY_MODES, Pair, mask_code
from transferbench.tasks.segment.sources.paired import Paired, refuse_twins
from transferbench.tasks.segment.sources.palettes import spread_colours

_ADVICE = (
    "replace the file, or have data.classes, data.first_value and data.ignored of the protocol say how it "
    "was drawn"
)


def pair_folders(root: Path, data: FolderData, *, is_scored_only: bool) -> Paired:
    """Pairs pictures with the masks of their names; what has no partner is left out, and that is told.

    Args:
        root: that the folders are in.
        data: folders and classes.
        is_scored_only: whether the training split is left out.

    Raises:
        DataError: folders or the class file are missing or malformed, nothing is a pair, or two pictures or
            two masks are of one name.
    """
    rows = _classes(root, data)
    values = values_of(rows, data.first_value, data.ignored)
    origin = data.classes if isinstance(data.classes, str) else "the protocol"
    spread = spread_colours(len(rows))
    train, of_train = ([], []) if is_scored_only else _pairs(root, data.train, data.mask_ending)
    score, of_score = _pairs(root, data.score, data.mask_ending, is_scored=True)
    return Paired(
        folder=root,
        train=train,
        score=score,
        classes=tuple(row.name for row in rows),
        code=replace(mask_code(values, data.ignored, modes=ANY_MODES, of=origin), advice=_ADVICE),
        marks=ClassMarks(values, tuple(row.colour or spread[place] for place, row in enumerate(rows))),
        remarks=(*(f"train: {line}" for line in of_train), *(f"score: {line}" for line in of_score)),
    )


def _classes(root: Path, data: FolderData) -> list[ClassRow]:
    if not isinstance(data.classes, str):
        return rows_of(data.classes)
    rows = read_class_file(root / data.classes)
    if data.first_value and rows[0].value is not None:
        raise DataError(
            f"{rows[0].place}: expected no values, because data.first_value of the protocol is "
            f"{data.first_value}, found {rows[0].value}; take out the one or the other"
        )
    return rows


def _pairs(
    root: Path, files: FolderSet, ending: str, *, is_scored: bool = False
) -> tuple[list[Pair], list[str]]:
    """Returns the pairs of a split, and what is to be said of files without a partner.

    A picture that is to be scored has to have one: scores are of all of them.
    """
    pictures, masks = root / files.pictures, root / files.masks
    for named, folder in ((files.pictures, pictures), (files.masks, masks)):
        if Path(named).is_absolute() or not folder.is_dir():
            raise DataError(
                f"{root}: expected a folder {named!r} in it, found none; mend data.train and data.score of "
                "the protocol, or give --data"
            )
    mask_of = _masks(masks, ending)
    own = set(mask_of.values())
    picture_of = [(_key(pictures, path), path) for path in pictures_in(pictures) if path not in own]
    pairs = [
        Pair(path, mask_of[key], subfolder=key.rpartition("/")[0])
        for key, path in picture_of
        if key in mask_of
    ]
    if not pairs:
        raise DataError(
            f"{root}: expected pictures ({', '.join(EXTENSIONS)}) in {files.pictures} and their masks in "
            f"{files.masks}, as NAME.jpg and NAME{ending}, found {len(picture_of):,} pictures and "
            f"{len(mask_of):,} such masks{_example(picture_of, masks)}, none of one name; name them alike, "
            "or mend data.mask_ending"
        )
    refuse_twins(pairs)
    if is_scored:
        raise_together(
            [
                f"{path}: expected a mask {masks / key}{ending}, found no such file; draw it, or take the "
                "picture out of those that are scored"
                for key, path in picture_of
                if key not in mask_of
            ]
        )
    return pairs, list(_alone(picture_of, mask_of))


def _example(picture_of: list[tuple[str, Path]], masks: Path) -> str:
    """Returns in words the first file of each of two folders, nothing where there is none."""
    mask = next((path for path in sorted(masks.rglob("*")) if path.is_file()), None)
    return f", as {picture_of[0][1].name} and {mask.name}" if picture_of and mask else ""


def _masks(folder: Path, ending: str) -> dict[str, Path]:
    mask_of: dict[str, Path] = {}
    faults = []
    for path in sorted(folder.rglob("*")):
        if not path.name.lower().endswith(ending.lower()) or path.name.startswith(".") or not path.is_file():
            continue
        key = path.relative_to(folder).as_posix()[: -len(ending)]
        if key in mask_of:
            faults.append(f"{path}: expected one mask of a name, found {mask_of[key].name} too; take one out")
        mask_of.setdefault(key, path)
    raise_together(faults)
    return mask_of


def _key(folder: Path, picture: Path) -> str:
    return picture.relative_to(folder).with_suffix("").as_posix()


def _alone(picture_of: list[tuple[str, Path]], mask_of: dict[str, Path]) -> Iterator[str]:
    pictures = [path for key, path in picture_of if key not in mask_of]
    masks = [path for key, path in mask_of.items() if key not in {key for key, _ in picture_of}]
    for alone, what, partner in ((pictures, "picture", "mask"), (masks, "mask", "picture")):
        if alone:
            many = "" if len(alone) == 1 else "s"
            yield f"{len(alone):,} {what}{many} without a {partner}, left out: first {alone[0].name}"
