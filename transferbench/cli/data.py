"""`transferbench data`: the miniature world, shards of pictures, and whether pictures are sound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from transferbench.cli import verify
from transferbench.cli.failures import told

app = typer.Typer(help="Make, pack and verify data.", no_args_is_help=True, rich_markup_mode=None)


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


@app.command()
@told
def pack(
    source: Annotated[
        Path,
        typer.Argument(metavar="SRC", help="Labelled pictures, in any layout that can be trained on."),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that is written.")],
    short_side: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Reduce larger short sides to N pixels; else nothing changes."),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of the JPEGs of reduced pictures.")] = 90,
    per_shard: Annotated[int, typer.Option(min=1, metavar="N", help="Pictures in a tar file.")] = 1000,
    workers: verify.Workers = None,
) -> None:
    """Write labelled pictures as tar shards (webdataset), which are read in sequence.

    Training pictures are shuffled, always in the same way. `index.json` comes last, with a checksum of every
    shard. Give the same call again after an interruption: shards that are whole are kept.
    """
    from transferbench.cli import requests
    from transferbench.cli.console import err
    from transferbench.cli.console import out as stdout
    from transferbench.cli.interrupts import terminable
    from transferbench.cli.progress import counting
    from transferbench.reports.words.durations import duration
    from transferbench.tasks.classify.layouts import AnyData
    from transferbench.tasks.classify.pack.pack import Packing
    from transferbench.tasks.classify.pack.pack import pack as write

    began = time.monotonic()
    packing = Packing(short_side=short_side, quality=quality, per_shard=per_shard)
    processes = requests.job_count(workers)
    with terminable(), counting() as report:
        packed = write(source, out, AnyData(), packing=packing, processes=processes, report=report)
    for name, split in packed.index.splits.items():
        size = sum(shard.bytes for shard in split.shards)
        stdout.print(
            f"{name:>6} {split.pictures:>9,} pictures {len(split.shards):>6,} shards {size / 1e6:>10,.1f} MB",
            soft_wrap=True,
        )
    kept = f", {packed.shards_kept:,} shards kept from before" if packed.shards_kept else ""
    err.print(f"packed in {duration(time.monotonic() - began)}{kept}; in {out}", markup=False, soft_wrap=True)


app.command()(verify.verify)


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
