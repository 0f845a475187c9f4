"""`transferbench explain`: where the scores of a run come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferbench.cli.failures import told
from transferbench.cli.sizes import with_short_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transferbench.runs.chain import Chain, Link

RUNS = Path("runs")
_GATE = 4
CellArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Folder of a finished run, or SUITE/RECIPE/TASK/seedN below runs/."),
]


@told
def explain(
    cell: CellArgument,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Print where a run's scores come from: recipe, data, weights, protocol, plan, seed, software.

    Each hash of weights is held against the file that is there. Exit status 4: the chain breaks somewhere.
    """
    from transferbench.cli import requests
    from transferbench.runs.chain import trace

    requests.require_format(form, ("text", "json"))
    chain = trace(run_folder(cell))
    if form == "json":
        print(json.dumps(_content(chain), indent=1))
    else:
        _tell(chain)
    if chain.breaks:
        raise typer.Exit(_GATE)


def run_folder(cell: Path) -> Path:
    """Returns the folder that is meant: one that is there, else one below `runs/`."""
    below = RUNS / cell
    return below if not cell.is_dir() and below.is_dir() else cell


def _content(chain: Chain) -> dict[str, Any]:
    return {
        "holds": not chain.breaks,
        "breaks": list(chain.breaks),
        "unproved": list(chain.open_ends),
        "links": [
            {
                "kind": link.kind,
                "role": link.role,
                "place": link.place,
                "facts": _facts(link),
                "findings": [{"holds": found.holds, "text": found.text} for found in link.findings],
                "scores": {} if link.record is None else link.record.scores,
            }
            for link in chain.links
        ],
    }


def _facts(link: Link) -> dict[str, Any]:
    from dataclasses import asdict

    from transferbench.reports.lineage.facts import facts_of, facts_of_card, facts_of_loading

    facts: dict[str, Any] = {}
    if link.record is not None:
        facts |= facts_of(link.record)
    if link.loaded_by is not None:
        facts["loaded"] = facts_of_loading(link.loaded_by)
    if link.card is not None:
        card = link.card
        facts["their own card"] = facts_of_card(card.recipe, card.scores, card.data_fingerprint)
    if link.entry is not None:
        facts["the index"] = {key: value for key, value in asdict(link.entry).items() if value}
    return facts


def _tell(chain: Chain) -> None:
    from transferbench.cli.console import out

    for number, link in enumerate(chain.links, start=1):
        out.print(f"{number}. {link.role}: {link.place}", style="bold", markup=False, soft_wrap=True)
        lines = _lines(link, is_told_before=number > 1 and chain.links[number - 2].kind == "pretraining")
        if link.record is not None:
            lines.append(f"scores: {_headlines(link.record.scores)}")
        for found in link.findings:
            word = {True: "holds", False: "BREAKS", None: "not proved"}[found.holds]
            lines.append(f"{word}: {found.text}")
        for line in lines:
            out.print(f"   {with_short_hashes(line)}", markup=False, soft_wrap=True)
    breaks, open_ends = len(chain.breaks), len(chain.open_ends)
    verdict = f"the chain breaks in {breaks} place{'s' * (breaks != 1)}" if breaks else "the chain holds"
    verdict += f"; {open_ends} of its links not proved" if open_ends else ""
    out.print(verdict, markup=False)


def _lines(link: Link, *, is_told_before: bool) -> list[str]:
    """Returns a line a fact; the protocol's rules are left to JSON, and a card to the run that wrote it."""
    from transferbench.backbones.weights.report import percent
    from transferbench.cli.loaded import settings_line

    facts = _in_usual_units(_facts(link))
    loaded = facts.pop("loaded", {})
    if is_told_before:
        facts.pop("their own card", None)
    if link.loaded_by is not None:
        settings = link.loaded_by.weights.get("settings", {})
        facts |= {**loaded, "settings": settings_line(settings)}
        if "share loaded" in facts:
            facts["share loaded"] = percent(facts["share loaded"])
    return [f"{key}: {_short(value)}" for key, value in facts.items() if key != "rules of the protocol"]


def _in_usual_units(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns facts with memory in GiB and multiply-adds in GMACs, as the tables have them."""
    told: dict[str, Any] = {}
    for key, value in facts.items():
        if key == "peak memory bytes":
            told["peak memory"] = f"{value / 2**30:.1f} GiB"
        elif key == "effort":
            macs = (
                {"backbone": f"{value['backbone_macs'] / 1e9:.2f} GMACs"} if "backbone_macs" in value else {}
            )
            told[key] = {**macs, **{name: each for name, each in value.items() if name != "backbone_macs"}}
        else:
            told[key] = value
    return told


def _headlines(scores: Mapping[str, float]) -> str:
    from transferbench.runs.record import SCORES

    known = [name for name in scores if name in SCORES and not SCORES[name].is_detail]
    return ", ".join(f"{SCORES[name].title} {100 * scores[name]:.2f} %" for name in known)


def _short(value: Any) -> str:
    """Returns a fact in one line, without what is not set; numbers with six digits."""
    if isinstance(value, dict):
        set_ = {key: each for key, each in value.items() if each not in (None, [], {}, "")}
        return ", ".join(
            f"{key} ({_short(each)})" if isinstance(each, dict) else f"{key} {_short(each)}"
            for key, each in set_.items()
        )
    if isinstance(value, list | tuple):
        return ("; " if any(isinstance(each, str) for each in value) else "/").join(map(_short, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
