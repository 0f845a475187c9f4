"""The page and its plots, written to a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.files import whole_file
from transferbench.reports.page.cite import PAPER, download
from transferbench.reports.page.methods import origins, paragraphs
from transferbench.reports.page.pictures import galleries
from transferbench.reports.page.sections import Section, sections
from transferbench.reports.page.story import Story
from transferbench.reports.page.tables import cost_sheets, score_sheets, word_sheets
from transferbench.reports.page.verdict import headline, verdicts
from transferbench.reports.plots.inline import inline

if TYPE_CHECKING:
    from markupsafe import Markup

FILE_NAME = "index.html"
PLOTS_FOLDER = "plots"
LARGEST_BYTES = 5_000_000


def write_page(story: Story, folder: Path) -> Path:
    """Writes `index.html`, which needs nothing else, and the plots as files for papers; returns the page.

    What makes the page larger than five million bytes is left out: pictures first, then files to take
    along, then plots. The page says so. The same story gives the same bytes.

    Args:
        story: what is told.
        folder: made where it is missing.
    """
    parts = sections(story)
    (folder / PLOTS_FOLDER).mkdir(parents=True, exist_ok=True)
    for part in parts:
        for drawing in (*part.drawings, *part.more):
            drawing.write(folder / PLOTS_FOLDER)
    page = folder / FILE_NAME
    with whole_file(page) as file:
        file.write(_small_enough(story, parts))
    return page


def html(story: Story, parts: Sequence[Section]) -> str:
    """Returns the page of a story with its parts, however large it is."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["parted"] = _parted
    comparison = story.comparison
    versions = sorted({str(r.machine.get("transferbench", "")) for r in story.records.values()} - {""})
    return environment.from_string(_resource("page.html")).render(
        style=Markup(_resource("page.css")),
        script=Markup(_resource("page.js")),
        suite=comparison.suite,
        about=story.about,
        warning=story.warning,
        headline=headline(comparison, story.warning),
        verdicts=verdicts(comparison),
        sections=[_shown(part) for part in parts],
        sheets=score_sheets(comparison, details=False),
        details=score_sheets(comparison, details=True),
        costs=cost_sheets(comparison),
        words=word_sheets(comparison, details=False),
        other_words=word_sheets(comparison, details=True),
        galleries=galleries(story.contrasts),
        notes=[note.removesuffix(".") for note in (*comparison.notes, *story.remarks)],
        methods=paragraphs(story),
        origins=origins(story),
        commands=story.commands,
        downloads=[download(name, content) for name, content in story.files.items()],
        bibtex=PAPER,
        version=" and ".join(versions),
        runs=sum(len(row.identities) for table in comparison.tables for row in table.rows),
    )


def _small_enough(story: Story, parts: Sequence[Section]) -> bytes:
    content = b""
    for smaller, kept in _ever_smaller(story, parts):
        content = html(smaller, kept).encode()
        if len(content) <= LARGEST_BYTES:
            break
    return content


def _ever_smaller(story: Story, parts: Sequence[Section]) -> Iterator[tuple[Story, Sequence[Section]]]:
    yield story, parts
    half = replace(story, contrasts=story.contrasts[: len(story.contrasts) // 2])
    yield _saying(half, "half of the pictures"), parts
    story, parts = replace(story, contrasts=()), [part for part in parts if part.key != "pictures"]
    yield _saying(story, "the pictures"), parts
    story = replace(story, files={})
    yield _saying(story, "the pictures and the files to take along"), parts
    parts = [part for part in parts if not part.drawings]
    yield _saying(story, "the pictures, the files to take along and the plots"), parts


def _saying(story: Story, left_out: str) -> Story:
    remark = f"left out, because the page would be larger than {LARGEST_BYTES / 1e6:.0f} MB: {left_out}"
    return replace(story, remarks=(*story.remarks, remark))


def _shown(part: Section) -> dict[str, object]:
    """Returns a part with its plots as elements of the page."""
    from markupsafe import Markup

    drawn = {
        key: [{"title": drawing.title, "svg": Markup(inline(drawing))} for drawing in drawings]
        for key, drawings in (("drawings", part.drawings), ("more", part.more))
    }
    return {"key": part.key, "title": part.title, "intro": part.intro, "more_title": part.more_title, **drawn}


def _parted(name: str) -> Markup:
    """Returns a name that a line may end in, after its underscores and plus signs."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<=[_+])(?=[^_+])", "<wbr>", str(escape(name))))


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
