"""Pictures in folders named after their classes, for weights that were trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.errors import DataError, nearest
from transferbench.tasks.classify.layouts import SCORE_FOLDERS
from transferbench.tasks.classify.sources.imagefolder import class_folders, read_folder
from transferbench.tasks.classify.sources.synsets import imagenet_synsets

IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Labelled:
    """Pictures and the output of a classifier that each should raise."""

    files: tuple[Path, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.files)

    def spread(self, count: int | None) -> Labelled:
        """Returns `count` of the pictures, evenly from first to last; all if None or there are no more."""
        if count is None or count >= len(self):
            return self
        kept = [place * len(self) // count for place in range(count)]
        return Labelled(tuple(self.files[i] for i in kept), tuple(self.labels[i] for i in kept))


def read_labelled(root: Path, outputs: int, classes: Sequence[str] = ()) -> Labelled:
    """Returns the pictures of `root` or of its `val`, in folders named after some or all of the classes.

    Args:
        root: data folder.
        outputs: of the classifier.
        classes: names of its outputs, in order; where nobody says them, the 1,000 synsets of ImageNet for
            as many outputs, else the folders in alphabetical order if there are as many.

    Raises:
        DataError: there are no pictures, or folders that are none of the classes.
    """
    if not root.is_dir():
        raise DataError(f"--data {str(root)!r}: expected a folder, found none; check the path")
    folder = next((root / split for split in SCORE_FOLDERS if (root / split).is_dir()), root)
    found = class_folders(folder)
    names = list(classes) or (imagenet_synsets() if outputs == IMAGENET_CLASSES else found)
    if len(names) != outputs:
        raise DataError(
            f"{folder}: expected a folder for each of {outputs} outputs, found {len(names)}; "
            "the file of the weights does not name its classes, so all of them must be there"
        )
    unknown = [name for name in found if name not in set(names)]
    if unknown:
        hint = nearest(unknown[0], names) if classes else "give --data a folder of these"
        raise DataError(
            f"{folder}: expected folders named after the {outputs} classes of the weights, as {names[0]!r}, "
            f"found {unknown[0]!r}; {hint}"
        )
    pictures = read_folder(folder.parent, folder.name, names)
    return Labelled(tuple(pictures.files), tuple(pictures.labels.tolist()))
