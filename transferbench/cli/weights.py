"""`transferbench weights`: what there is, fetching it, and what a file says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from transferbench.backbones.peers import TARGETS
from transferbench.cli import checks, options
from transferbench.cli.failures import told

app = typer.Typer(help="Backbones from anywhere, and back.", no_args_is_help=True, rich_markup_mode=None)
app.command("check")(checks.check)
app.command("agree")(checks.agree)


@app.command("list")
@told
def list_(
    pattern: Annotated[str, typer.Argument(metavar="[PATTERN]", help="As 'resnet50*'.")] = "*",
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the published weights of the paper's backbones, and the row of its tables each stands for."""
    from dataclasses import asdict
    from fnmatch import fnmatch

    from transferbench.backbones.weights.index import read_index
    from transferbench.cli import requests
    from transferbench.cli.console import out

    requests.require_format(form, ("text", "json"))
    found = [entry for name, entry in read_index().items() if fnmatch(name, pattern)]
    if form == "json":
        print(json.dumps([asdict(entry) for entry in found], indent=1))
        return
    width = max((len(entry.name) for entry in found), default=0)
    for entry in found:
        row = f"; {entry.row}" if entry.row else ""
        out.print(
            f"{entry.name:<{width}}  {entry.top1:6.2%} top-1  {entry.arch:<12}  {entry.licence:<12}  "
            f"{entry.about}{row}",
            markup=False,
            soft_wrap=True,
        )


@app.command()
@told
def pull(
    source: Annotated[
        str, typer.Argument(help="Name of `weights list`, hf:ORG/REPO, timm:NAME or torchvision:NAME.")
    ],
) -> None:
    """Fetch weights into the cache, show how far it is, and prove what came."""
    from transferbench.backbones.weights.fetch import fetch, is_remote
    from transferbench.cli.console import err, out
    from transferbench.cli.progress import fetching
    from transferbench.errors import WeightsError

    if not is_remote(source):
        raise WeightsError(
            f"{source}: expected something to fetch (a name of `weights list`, hf:ORG/REPO, timm:NAME or "
            "torchvision:NAME), found none of these; check the name"
        )
    with fetching(source) as report:
        found = fetch(source, report)
    err.print(
        f"{source}: from {found.origin}, sha256 {found.sha256} ({found.sha256_from})",
        markup=False,
        soft_wrap=True,
    )
    out.print(str(found.path), markup=False, soft_wrap=True)


@app.command()
@told
def show(
    source: Annotated[
        str, typer.Argument(help="File of weights, the folder of a run, or what `pull` takes.")
    ],
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    trust: options.Trust = False,
) -> None:
    """Print what a file of weights says of itself, as a tree."""
    from transferbench.backbones.weights.describe import describe
    from transferbench.cli import requests
    from transferbench.cli.console import out
    from transferbench.cli.progress import fetch_first
    from transferbench.cli.trees import tree_lines

    requests.require_format(form, ("text", "json"))
    fetch_first(source)
    content = describe(source, trust=trust)
    if form == "json":
        print(json.dumps(content, indent=1))
        return
    for line in tree_lines({source: content}):
        out.print(line, markup=False, soft_wrap=True)


@app.command()
@told
def export(
    source: options.Source,
    to: Annotated[str, typer.Option("--to", help=f"One of {', '.join(TARGETS)}.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File that is written.")],
    arch: options.Arch = None,
    sets: options.WeightsSets = None,
    allow_missing: options.AllowMissing = None,
    trust: options.Trust = False,
    without_classifier: Annotated[
        bool, typer.Option("--without-classifier", help="Write the backbone alone.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Write weights for timm, torchvision or ONNX, or as a file of ours that says what belongs to it.

    ONNX takes RGB of [0, 1] at the weights' own size: normalisation is part of its graph.
    """
    from dataclasses import replace

    from transferbench.backbones.weights.export import export as write
    from transferbench.backbones.weights.load import load_backbone
    from transferbench.cli import requests
    from transferbench.cli.console import err
    from transferbench.cli.console import out as stdout
    from transferbench.cli.loaded import announce
    from transferbench.cli.progress import fetch_first
    from transferbench.errors import ConfigError, RunError
    from transferbench.tasks.classify.model import classifier_of

    target = next((target for target in TARGETS if target == to), None)
    if target is None:
        raise ConfigError(f"--to: expected one of {', '.join(TARGETS)}, found {to!r}")
    if out.exists() and not overwrite:
        raise RunError(f"{out}: expected no such file yet, found one; give --overwrite or another --out")
    if not out.parent.is_dir():
        raise RunError(f"{out}: expected a folder to write in, found no {str(out.parent)!r}; make it")
    fetch_first(source)
    loaded = load_backbone(source, asked=requests.asked_by(arch, sets, allow_missing, trust))
    if without_classifier:
        loaded = replace(loaded, head={})
    announce(loaded.report)
    written = write(loaded, target, out, classifier_of=classifier_of)
    err.print(f"written: {written.path}; load it with", markup=False, soft_wrap=True)
    stdout.print(written.how_to_load, markup=False, soft_wrap=True)
