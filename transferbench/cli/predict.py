"""`transferbench predict`: what a trained network finds in single pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from transferbench.cli import options
from transferbench.cli.failures import told


@told
def predict(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run of `detect` or `segment`.")
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder that is written.")] = Path(
        "predictions"
    ),
    least_score: Annotated[
        float,
        typer.Option(
            "--score", min=0, max=1, help="Least score of a detection that is drawn; the JSON has them all."
        ),
    ] = 0.3,
    device: options.Device = None,
) -> None:
    """Find objects in pictures, or the class of each pixel; writes drawings and predictions.json.

    A run of `segment` also gives NAME_mask.png of each picture, in the values of the data set's own masks.
    """
    from transferbench.cli.console import err
    from transferbench.cli.console import out as stdout
    from transferbench.engine.device import pick_device
    from transferbench.errors import RunError
    from transferbench.runs.record import write_atomically
    from transferbench.runs.restore import restore
    from transferbench.tasks.catalog import predictor
    from transferbench.tasks.predicted import MASK_ENDING

    images = _pictures(images)
    restored = restore(run, pick_device(device))
    find = predictor(restored.protocol, restored.model, restored.record.classes, restored.record.marks)
    endings = ["", MASK_ENDING] if restored.record.task == "segment" else [""]
    names = _names(images, out, endings)
    contents = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, name in zip(images, names, strict=True):
            predicted = find(path, least_score)
            predicted.drawing.save(out / f"{name}.png")
            content = {**predicted.content, "drawing": f"{name}.png"}
            if predicted.mask is not None:
                predicted.mask.save(out / f"{name}{MASK_ENDING}.png")
                content["mask"] = f"{name}{MASK_ENDING}.png"
            contents.append(content)
            stdout.print(f"{path}: {predicted.told}", markup=False, soft_wrap=True)
            if predicted.remark:
                err.print(f"{path}: {predicted.remark}", markup=False, soft_wrap=True)
        written = {"run": str(run), "protocol": restored.record.protocol, "predictions": contents}
        write_atomically(out / "predictions.json", (json.dumps(written, indent=1) + "\n").encode())
    except OSError as error:
        reason = f"{error.filename2 or error.filename or out}: {error.strerror or error}"
        raise RunError(
            f"{out}: expected a folder that can be written, found that it cannot ({reason}); give another "
            "--out"
        ) from error
    kinds = ", drawings and masks" if len(endings) > 1 else " and drawings"
    err.print(f"in {out}: predictions.json{kinds} ({len(images)})", markup=False, soft_wrap=True)


def _pictures(given: Sequence[Path]) -> list[Path]:
    """Returns the pictures, those of folders by name; all of them can be decoded.

    Raises:
        DataError: some cannot, ten at most are told; or there are none.
    """
    from transferbench.errors import DataError
    from transferbench.tasks.decode import read_rgb
    from transferbench.tasks.faults import raise_together
    from transferbench.tasks.picture_files import EXTENSIONS

    images, faults = [], []
    for path in given:
        inside = (
            sorted(each for each in path.iterdir() if each.suffix.lower() in EXTENSIONS)
            if path.is_dir()
            else [path]
        )
        images += inside
        if not inside:
            faults.append(f"{path}: expected pictures in the folder, found none; give another")
    for path in images:
        try:
            read_rgb(path)
        except DataError as error:
            faults.append(
                str(error)
                if path.exists()
                else f"{path}: expected a picture, found no such file; mend the name"
            )
    raise_together(faults)
    return images


def _names(images: Sequence[Path], out: Path, endings: Sequence[str]) -> list[str]:
    """Returns a name for what is written of each picture; where it is taken, it gets a number.

    Args:
        images: the pictures, some of one name in several folders, some in the folder that is written.
        out: the folder that is written.
        endings: of the names of the files that are written of each, before `.png`.
    """
    names: list[str] = []
    taken = {path.stem for path in images if path.resolve() == (out / f"{path.stem}.png").resolve()}
    for path in images:
        numbered = (path.stem if number == 0 else f"{path.stem}_{number}" for number in count())
        names.append(next(name for name in numbered if taken.isdisjoint(name + ending for ending in endings)))
        taken.update(names[-1] + ending for ending in endings)
    return names
