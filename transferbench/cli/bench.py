"""`transferbench bench`: how fast it is here, against torchvision and timm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli import options
from transferbench.cli.failures import told

if TYPE_CHECKING:
    from transferbench.benchmarks.result import Comparison, Result

app = typer.Typer(
    help="Measure how fast it is here, in turns with the references.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_FORMATS = ("text", "json")
Form = Annotated[str, typer.Option("--format", help="text or json.")]
Folder = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder of JPEGs, at any depth; some are drawn if left out."),
]
Pictures = Annotated[int, typer.Option(min=1, metavar="N", help="At most so many JPEGs.")]
Arch = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="resnet50_d on an accelerator and resnet18_d on a processor if left out."
    ),
]
BatchSize = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="128 or, on a processor, 8 if left out.")
]
Side = Annotated[
    int | None,
    typer.Option(min=32, metavar="PIXELS", help="Of the input; 224 or, on a processor, 64 if left out."),
]


@app.command()
@told
def data(
    folder: Folder = None,
    pictures: Pictures = 40,
    workers: Annotated[
        int, typer.Option("--workers", "-j", min=0, help="The loader is timed with 0 to so many processes.")
    ] = 2,
    form: Form = "text",
) -> None:
    """Time decoding, crops, colours and the loader, on one thread a process."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)

    def measure() -> Result:
        from transferbench.benchmarks.data import bench_data

        return bench_data(folder, pictures=pictures, workers=range(workers + 1))

    _tell(measure, form)


@app.command()
@told
def train(
    arch: Arch = None,
    side: Side = None,
    batch_size: BatchSize = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="P", help="fp32, bf16 or fp16; bf16 on an accelerator if left out."),
    ] = None,
    device: options.Device = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="In each of five rounds; 10 or, on a processor, 1."),
    ] = None,
    is_compiled: Annotated[bool, typer.Option("--compile", help="Have torch.compile make kernels.")] = False,
    form: Form = "text",
) -> None:
    """Time a training step, data apart: images a second, and on a GPU memory and share of its peak."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)

    def measure() -> Result:
        from transferbench.benchmarks.setting import setting_of
        from transferbench.benchmarks.train import bench_train

        setting = setting_of(
            device=device,
            arch=arch,
            side=side,
            batch_size=batch_size,
            precision=precision,
            is_compiled=is_compiled,
        )
        return bench_train(setting, steps=steps or (1 if setting.device.type == "cpu" else 10))

    _tell(measure, form)


@app.command()
@told
def detect(device: options.Device = None, form: Form = "text") -> None:
    """Time a training step of detection against torchvision's Faster R-CNN, equal in all settings."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)

    def measure() -> Result:
        from transferbench.benchmarks.detect import bench_detect
        from transferbench.engine.device import pick_device

        return bench_detect(pick_device(device))

    _tell(measure, form)


@app.command()
@told
def segment(
    folder: Folder = None,
    pictures: Pictures = 8,
    device: options.Device = None,
    form: Form = "text",
) -> None:
    """Time the data of segmentation, a training step against torchvision's FCN, and the confusion."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)

    def measure() -> Result:
        from transferbench.benchmarks.segment import bench_segment
        from transferbench.engine.device import pick_device

        return bench_segment(pick_device(device), folder, pictures=pictures)

    _tell(measure, form)


@app.command("eval")
@told
def eval_(
    folder: Folder = None,
    pictures: Pictures = 16,
    arch: Arch = None,
    side: Side = None,
    batch_size: BatchSize = None,
    device: options.Device = None,
    form: Form = "text",
) -> None:
    """Time scoring, from files to guesses, and the average precision of VOC."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)

    def measure() -> Result:
        from transferbench.benchmarks.scoring import bench_eval
        from transferbench.benchmarks.setting import setting_of

        setting = setting_of(device=device, arch=arch, side=side, batch_size=batch_size, precision="fp32")
        return bench_eval(setting, folder, pictures=pictures)

    _tell(measure, form)


def _tell(measure: Callable[[], Result], form: str) -> None:
    from transferbench.cli.console import err, out
    from transferbench.cli.interrupts import terminable

    with terminable(), err.status("timing"):
        result = measure()
    if form == "json":
        print(json.dumps(result.content(), indent=1))
        return
    for line, style in lines(result):
        out.print(line, style=style, markup=False, soft_wrap=True)
    for note in (*result.notes, ", ".join(f"{key} {value}" for key, value in result.machine.items())):
        err.print(note, style="dim", markup=False)


def lines(result: Result) -> Iterator[tuple[str, str]]:
    """Yields the lines of a result for people, and their styles."""
    names = [each.name for each in result.comparisons] + [figure.name for figure in result.figures]
    width = max(map(len, names))
    for each in result.comparisons:
        yield f"{each.name:<{width}}  {_numbers(each)}", ""
        yield f"    {each.about}", "dim"
    for figure in result.figures:
        yield f"{figure.name:<{width}}  {figure.value:>9.4g} {figure.unit}".rstrip(), ""


def _numbers(each: Comparison) -> str:
    times = (
        f"ours {_milliseconds(each.ours_seconds)}  {each.reference} {_milliseconds(each.reference_seconds)}"
    )
    pixels = "" if each.difference is None else f"  pixels {each.difference:.2f} of 255 apart"
    return f"{each.ratio:>5.2f}x  {times}{pixels}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
