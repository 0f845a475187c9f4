"""`transferbench predict`: what a trained network finds in single pictures."""

from __future__ import annotations

import json
from itertools import count, islice
from pathlib import Path
from typing import Annotated

import typer

from transferbench.cli import options
from transferbench.cli.failures import told


@told
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run of `detect`.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures, of any size.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder that is written.")] = Path(
        "predictions"
    ),
    least_score: Annotated[
        float,
        typer.Option("--score", min=0, max=1, help="Least score that is drawn; the JSON has them all."),
    ] = 0.3,
    device: options.Device = None,
) -> None:
    """Find objects in pictures; writes predictions.json and each picture with what was found drawn in."""
    from transferbench.cli.console import err
    from transferbench.cli.console import out as stdout
    from transferbench.engine.device import pick_device
    from transferbench.errors import RunError
    from transferbench.runs.record import write_atomically
    from transferbench.runs.restore import restore
    from transferbench.tasks.catalog import predictor
    from transferbench.tasks.decode import read_size

    for path in images:  # all of them, before any is drawn
        read_size(path)
    restored = restore(run, pick_device(device))
    find = predictor(restored.protocol, restored.model, restored.record.classes)
    names = _names(images)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"{out}: expected a folder that can be written, found none; give another --out"
        ) from error
    contents = []
    for path, name in zip(images, names, strict=True):
        predicted = find(path, least_score)
        predicted.drawing.save(out / f"{name}.png")
        contents.append({**predicted.content, "drawing": f"{name}.png"})
        shown = [d for d in predicted.content["detections"] if d["score"] >= least_score]
        words = ", ".join(f"{d['class']} {d['score']:.2f}" for d in shown[:8]) or "nothing"
        stdout.print(f"{path}: {words}{', ...' if len(shown) > 8 else ''}", markup=False, soft_wrap=True)
    content = {"run": str(run), "protocol": restored.record.protocol, "predictions": contents}
    write_atomically(out / "predictions.json", (json.dumps(content, indent=1) + "\n").encode())
    err.print(f"in {out}: predictions.json and drawings ({len(images)})", markup=False, soft_wrap=True)


def _names(images: list[Path]) -> list[str]:
    """Returns a name for each drawing; pictures of one name in several folders get a number."""
    names: list[str] = []
    for path in images:
        numbered = (f"{path.stem}_{number}" for number in count(1))
        names.append(next(name for name in (path.stem, *islice(numbered, len(images))) if name not in names))
    return names
