"""`transferbench weights check` and `agree`: the proof of weights, and of the networks they are put into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferbench.cli import options
from transferbench.cli.failures import told
from transferbench.cli.loaded import shown

if TYPE_CHECKING:
    from transferbench.backbones.agreement import Agreement
    from transferbench.backbones.weights.load import LoadedBackbone
    from transferbench.tasks.classify.check import Check
    from transferbench.tasks.classify.metric import Share

_GATE = 4
_UNTRIED = "input_size and crop were not varied"
_AGREEMENT_LINE = "{:<17}  {:<24}  {:>6}  {:>8}  {:>8}  {}"


@told
def check(
    source: options.Source,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Pictures in folders named after their classes."),
    ] = None,
    arch: options.Arch = None,
    sets: options.WeightsSets = None,
    allow_missing: options.AllowMissing = None,
    trust: options.Trust = False,
    expect: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Top-1 to hold them to, a fraction; else what they claim."),
    ] = None,
    limit: options.Limit = None,
    search: Annotated[
        bool | None,
        typer.Option("--search/--no-search", help="Try other settings; left out: unless the claim is met."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Load weights, prove that all of them loaded, and classify labelled pictures with them.

    Exit status 4: they miss their claim, or other settings do surely better.
    """
    from transferbench.backbones.weights.load import load_backbone
    from transferbench.cli import requests
    from transferbench.cli.console import out
    from transferbench.cli.loaded import report_lines
    from transferbench.cli.progress import fetch_first

    requests.require_format(form, ("text", "json"))
    fetch_first(source)
    loaded = load_backbone(source, asked=requests.asked_by(arch, sets, allow_missing, trust))
    result = None if data is None else _checked(loaded, data, expect, limit, search)
    if form == "json":
        print(json.dumps({"report": loaded.report.as_dict(), **_as_json(loaded, result)}, indent=1))
    else:
        for line in [*report_lines(loaded.report), *_lines(loaded, result)]:
            out.print(line, markup=False, soft_wrap=True)
    if result is not None and not result.is_sound:
        raise typer.Exit(_GATE)


@told
def agree(
    pattern: Annotated[str, typer.Argument(metavar="[PATTERN]", help="As 'resnet50*'.")] = "*",
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Print how far our networks are from timm's and torchvision's with the same weights.

    The largest absolute difference of float32 logits, and of the maps at four stages. Exit status 4: some
    that are meant to agree do not.
    """
    from transferbench.backbones.agreement import agreements
    from transferbench.cli import requests
    from transferbench.cli.console import out
    from transferbench.errors import ConfigError

    requests.require_format(form, ("text", "json"))
    rows: list[Agreement] = []
    for row in agreements(pattern):
        if not rows and form == "text":
            out.print(_AGREEMENT_LINE.format("ours", "peer", "stride", "logits", "maps", ""), style="bold")
        rows.append(row)
        if form == "text":
            out.print(_agreement(row).rstrip(), markup=False, soft_wrap=True)
    if not rows:
        raise ConfigError(f"agree {pattern!r}: expected one of our networks that has a peer, found none")
    if form == "json":
        print(json.dumps([{**asdict(row), "agrees": row.agrees} for row in rows], indent=1))
    if any(row.is_meant_to_agree and not row.agrees for row in rows):
        raise typer.Exit(_GATE)


def _agreement(row: Agreement) -> str:
    note = "agrees" if row.agrees else "DIFFERS" if row.is_meant_to_agree else "differs, by design"
    setting = f", {row.setting}" if row.setting else ""
    logits = "" if row.logits is None else f"{row.logits:.1e}"
    return _AGREEMENT_LINE.format(
        row.ours, row.peer, row.output_stride, logits, f"{max(row.maps):.1e}", f"{note}{setting}"
    )


def _checked(
    loaded: LoadedBackbone, data: Path, expect: float | None, limit: int | None, search: bool | None
) -> Check:
    from transferbench.cli.progress import counting
    from transferbench.tasks.classify.check import check as check_on
    from transferbench.tasks.classify.check import outputs_of
    from transferbench.tasks.classify.labelled import read_labelled

    classes = loaded.card.classes if loaded.card is not None else ()
    pictures = read_labelled(data, outputs_of(loaded), classes).spread(limit)
    claim = expect if expect is not None else loaded.claims.get("classify/top1")
    with counting() as report:
        return check_on(loaded, pictures, claim=claim, search=search, report=report)


def _lines(loaded: LoadedBackbone, result: Check | None) -> list[str]:
    if result is None:
        what = "nothing was loaded" if loaded.report.was_random else "loaded"
        what += " whole" if loaded.report.share_loaded == 1.0 else ""
        return [f"{what}; give --data DIR to see what it makes of labelled pictures"]
    claim = "" if result.claim is None else f" (claimed: {result.claim:.1%})"
    lines = [
        f"top-1: {_share(result.top1)}",
        f"top-5: {_share(result.top5)}",
        f"verdict: {result.verdict}{claim}",
    ]
    if result.better is not None:
        now = _current(loaded)
        for key, value in result.better.settings.items():
            lines.append(f"wrong: {key} {_plain(now[key])}; these pictures speak for {key} {_plain(value)}")
        lines.append(
            f"with that: top-1 {_share(result.better.top1)}, better than by chance (p = "
            f"{result.better.p_value:.2g}, sign test)"
        )
        flags = " ".join(_flag(key, value) for key, value in result.better.settings.items())
        lines.append(f"so give: {flags} ({_UNTRIED})")
    elif result.searched:
        lines.append(
            f"other normalisations, orders of colours, paddings, activations: none surely better on "
            f"{result.searched:,} pictures, which does not prove the settings right; {_UNTRIED}"
        )
        lines += _runner_up(result)
    return lines


def _runner_up(result: Check) -> list[str]:
    if result.best is None:
        return []
    flags = " ".join(_flag(key, value) for key, value in result.best.settings.items())
    return [f"the best of them: {flags}, top-1 {result.best.top1.value:.1%} (p = {result.best.p_value:.2g})"]


def _as_json(loaded: LoadedBackbone, result: Check | None) -> dict[str, Any]:
    if result is None:
        return {}
    return {
        **asdict(result),
        "better": None if result.better is None else asdict(result.better),
        "used": {key: _current(loaded)[key] for key in (result.better.settings if result.better else ())},
        "is_sound": result.is_sound,
    }


def _current(loaded: LoadedBackbone) -> Mapping[str, Any]:
    return {"arch": loaded.report.arch, **loaded.report.values}


def _share(share: Share) -> str:
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}] of {share.pictures:,} pictures"


def _plain(value: Any) -> str:
    return shown(value) if isinstance(value, tuple | list) else repr(value)


def _flag(key: str, value: Any) -> str:
    if key == "arch":
        return f"--arch {value}"
    text = f"[{','.join(f'{part:.6g}' for part in value)}]" if isinstance(value, tuple | list) else str(value)
    return f"--set {key}={text}"
