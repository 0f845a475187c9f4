"""`transferbench data`: the miniature world."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from transferbench.cli.failures import told

app = typer.Typer(help="Make data.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `make` a word of its own."""


@app.command()
@told
def make(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that is written.")],
    size: Annotated[str, typer.Option(help="small, medium or large.")] = "small",
    seed: Annotated[int, typer.Option(min=0, help="Other seeds draw other pictures.")] = 0,
) -> None:
    """Draw the miniature world in the layouts of ImageNet, VOC and ADE20K."""
    from transferbench.cli.console import out

    drawn = draw(folder, size=size, seed=seed)
    for part, count in drawn.items():
        out.print(f"{part:>24} {count:>7,} pictures")


def draw(folder: Path, *, size: str = "small", seed: int = 0) -> dict[str, int]:
    """Draws the miniature world, or finds it drawn; returns the number of pictures of each part.

    Raises:
        TransferbenchError: the size is unknown, or the folder holds something else.
    """
    from transferbench.cli.console import err
    from transferbench.errors import ConfigError
    from transferbench.miniature.make import make as make_world
    from transferbench.miniature.sizes import SIZES

    if size not in SIZES:
        raise ConfigError(f"--size: expected one of {', '.join(SIZES)}, found {size!r}")
    began = time.monotonic()
    with err.status(f"drawing the miniature world in {folder}") as status:
        world = make_world(
            folder,
            size=size,
            seed=seed,
            report=lambda done, of: status.update(f"drawing the miniature world: {done:,} of {of:,}"),
        )
    how = "found" if world.was_reused else f"drawn in {time.monotonic() - began:.0f} s"
    err.print(f"miniature world, {world.size}, seed {world.seed}: {how} in {folder}", markup=False)
    return world.pictures
