"""What a finished run remembers. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from transferbench.errors import RunError
from transferbench.files import whole_file
from transferbench.recipes.paper import PaperScore as PaperScore
from transferbench.recipes.paper import PaperScores
from transferbench.schema import Schema
from transferbench.tasks.base import NO_MARKS, ClassMarks

FILE_NAME = "record.json"


class Score(Schema):
    """How a score is called and read."""

    name: str
    """Key in a record, as `detect/map_voc07`."""
    title: str
    """Heading in a table."""
    unit: str = "%"
    """What `reports/` prints; the value itself is a fraction."""
    is_better_higher: bool = True
    is_detail: bool = False
    """Whether tables leave it out unless they are asked for all scores."""


SCORES = {
    score.name: score
    for score in (
        Score(name="classify/top1", title="top-1"),
        Score(name="classify/top5", title="top-5"),
        Score(name="detect/map_voc07", title="mAP 11-point"),
        Score(name="detect/map_area", title="mAP area"),
        Score(name="detect/coco_ap", title="COCO AP"),
        Score(name="detect/coco_ap50", title="COCO AP50"),
        Score(name="detect/coco_ap75", title="COCO AP75", is_detail=True),
        Score(name="detect/coco_ap_small", title="COCO AP small", is_detail=True),
        Score(name="detect/coco_ap_medium", title="COCO AP medium", is_detail=True),
        Score(name="detect/coco_ap_large", title="COCO AP large", is_detail=True),
        Score(name="detect/coco_ar1", title="COCO AR, 1", is_detail=True),
        Score(name="detect/coco_ar10", title="COCO AR, 10", is_detail=True),
        Score(name="detect/coco_ar100", title="COCO AR, 100", is_detail=True),
        *(
            Score(
                name=f"detect/lost_{kind}",
                title=f"AP lost: {kind.replace('_', ' ')}",
                is_better_higher=False,
                is_detail=True,
            )
            for kind in (
                *("classification", "localisation", "both", "duplicate", "background", "missed"),
                *("false_positives", "false_negatives"),
            )
        ),
        *(
            Score(name=f"segment/{way}{name}", title=f"{title}{words}", is_detail=is_detail)
            for way, words in (("", ""), ("ms_", " (ms+flip)"))
            for name, title, is_detail in (
                ("pix_acc", "pixAcc", False),
                ("miou", "mIoU", False),
                ("mean_acc", "mean acc.", True),
                ("fw_iou", "fwIoU", True),
            )
        ),
    )
}
"""In the order of columns."""


class Teacher(Schema):
    """Who taught a run by distillation, and what that cost."""

    source: str
    """Where its weights came from."""
    sha256: str
    forward_seconds: float
    """Of the run's wall seconds, those that the teacher's forward passes took."""
    pretraining_seconds: float | None = None
    """That training the teacher took, which the run's wall seconds leave out; None where nothing tells."""


class Effort(Schema):
    """What a run's network costs, and how fast it went."""

    parameters: int
    """Of the whole network, heads included, trained or not."""
    backbone_macs: int
    """Multiply-adds of the backbone, as it was built, on one picture of `picture_size`."""
    picture_size: tuple[int, int]
    """Height and width, in pixels."""
    fit_seconds: float
    """Of the wall seconds, those of training; the rest went into measuring."""
    images_per_second: float
    """Trained on, all devices together."""
    devices: int
    """At work on the run together."""


class Record(Schema):
    """One finished run: what was done, with what, and what came out."""

    format: int = 1
    suite: str
    """Suite or name that the run belongs to."""
    recipe: str
    task: str
    protocol: str
    """Name and version, as `voc07-c4@1`, and what departed from it: `voc07-c4@1 (frozen-backbone)`."""
    seed: int
    """Of everything that is drawn in the run."""
    pretraining_seed: int | None = None
    """Of the backbone's own training, where it was fine-tuned several times; None where it is `seed`."""
    identity: str
    """sha256 over the resolved recipe, protocol, data fingerprint, weights and seed."""
    scores: dict[str, float]
    """Fractions in [0, 1]."""
    per_class: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    paper: PaperScores = Field(default_factory=dict)
    """The paper's numbers for this recipe, fractions."""
    teacher: Teacher | None = None
    """Of a run that was distilled."""
    wall_seconds: float
    """Of all sessions that the run took."""
    peak_memory_bytes: int
    effort: Effort | None = None
    """None of a run of an older version."""
    pictures: dict[str, int]
    classes: tuple[str, ...]
    data: dict[str, str]
    """Root folder and fingerprint."""
    marks: ClassMarks = NO_MARKS
    """How the classes stand in masks; of a segmentation."""
    remarks: tuple[str, ...] = ()
    """What a reader of the scores should know of the data."""
    weights: dict[str, Any]
    """Where the backbone came from, its sha256 and the loader's report."""
    resolved: dict[str, Any]
    """The recipe and the protocol as they were obeyed, defaults filled in."""
    machine: dict[str, Any]
    """Versions, device, precision, threads, workers and the command."""

    @property
    def backbone_seed(self) -> int:
        """Of the backbone: that of its own training, or of what stands in for one."""
        return self.seed if self.pretraining_seed is None else self.pretraining_seed


def write_record(folder: Path, record: Record) -> None:
    """Writes `record.json`, whole or not at all."""
    write_atomically(folder / FILE_NAME, (record.model_dump_json(indent=1) + "\n").encode())


def read_record(folder: Path, *, has_classes: bool = True) -> Record | None:
    """Returns the record of a run folder; None if the run has not finished.

    Args:
        folder: of the run.
        has_classes: whether `per_class` is read too, which is most of a record of 150 classes.

    Raises:
        RunError: the file is there and is not a record.
    """
    path = folder / FILE_NAME
    try:
        content = path.read_bytes()
        return Record.model_validate_json(content if has_classes else _without_classes(content))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"{path}: expected the record of a finished run, found something else ({reason}); "
            "move it away or give --overwrite"
        ) from error


def finished_record(folder: Path) -> Record:
    """Returns the record of a finished run.

    Raises:
        RunError: there is no such run, or it has not finished.
    """
    record = read_record(folder)
    if record is None:
        inside = next(iter(sorted(folder.rglob(FILE_NAME))), None)
        if inside is not None:
            found, cure = "a folder of runs", f"give one of them, as {inside.parent}"
        elif folder.is_dir():
            found, cure = "one that has not finished", "finish it with --resume, or give another folder"
        else:
            found, cure = "no such folder", "give another"
        raise RunError(f"{folder}: expected the folder of a finished run, found {found}; {cure}")
    return record


def find_records(root: Path) -> list[Record]:
    """Returns the records below a folder, in the order of their paths."""
    return list(find_runs(root).values())


def find_runs(root: Path, *, has_classes: bool = True) -> dict[Path, Record]:
    """Returns the record of each folder of a finished run at or below a folder, in the order of paths.

    What lies within a run's folder is not looked at; `has_classes` is that of `read_record`.

    Raises:
        RunError: a file of that name is there and is no record.
    """
    folders = map(Path, _run_folders(str(root)))
    found = ((folder, read_record(folder, has_classes=has_classes)) for folder in folders)
    return {folder: record for folder, record in found if record is not None}


def _without_classes(content: bytes) -> bytes:
    """Returns a record as `write_record` lays it out with `per_class` empty; another layout as it is.

    No line of JSON begins within a string, so that the first brace one step in is the closing one.
    """
    start = content.find(b'\n "per_class": {\n')
    end = content.find(b"\n },\n", start)
    return content if min(start, end) < 0 else content[:start] + b'\n "per_class": {' + content[end:]


def _run_folders(root: str) -> Iterator[str]:
    """Yields the folders with a record; links to folders and what may not be read are passed by."""
    try:
        with os.scandir(root) as entries:
            is_folder = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    if FILE_NAME in is_folder:
        yield root
        return
    for name in sorted(name for name, is_dir in is_folder.items() if is_dir):
        yield from _run_folders(f"{root}{os.sep}{name}")


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file under a temporary name, makes it durable and renames it."""
    with whole_file(path) as file:
        file.write(content)
