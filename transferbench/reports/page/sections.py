"""The parts of a page, in their order; those with nothing to show are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferbench.reports.page.differences import by_class, by_error, effect_plots, forests
from transferbench.reports.page.history import curve_plots
from transferbench.reports.page.relations import cost_plots, top1_plots
from transferbench.reports.page.story import Story
from transferbench.reports.page.verdict import verdicts
from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.looks import looks
from transferbench.reports.rows import Comparison
from transferbench.reports.words.cells import STANDS

_NUMBERS = (
    f"Bold and in colour: a difference whose own interval excludes zero. {STANDS}: also after the correction "
    "for all differences of the table."
)
_DIFFERENCES = (
    "Each line is the mean of the paired differences with its 95 % interval over seeds; the thin line below "
    "it, where there is one, is the interval had other pictures been scored."
)
_EFFECTS = (
    "The recipes were built by a design, so that each change can be told from the others. Lines are 95 % "
    "intervals over seeds; an interaction (x) is half of how much more the one brings with the other than "
    "without it."
)
_TOP1 = (
    "If top-1 told how well a backbone transfers, the points would rise to the right. Bars are 95 % "
    "intervals of the mean over seeds; of two seeds, their range. Hollow marks: top-1 as the weights' "
    "publisher states it. The paper's rows stand in plots of their own, on their own scale."
)
_COST = (
    "The dashed line joins the backbones that no other beats in both score and cost. Whoever was pretrained "
    "elsewhere, at a cost that nothing tells, is not in a plot of hours."
)
_CURVES = "Mean loss on the training pictures, in the band of all seeds."
_CLASSES = (
    "The classes on which the backbones differ most from the baseline. Differences of single classes are "
    "many and not corrected for it: read them as hints. Bars are the range of the seeds."
)
_ERRORS = (
    "How much AP each kind of error costs, more or less than at the baseline (TIDE). To the left is better. "
    "Bars are the range of the seeds."
)
_PICTURES = (
    "Pictures on which one backbone is right and the other wrong, those with the greatest gap first. They "
    "are chosen for the gap and say nothing about how often it occurs."
)


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    key: str
    title: str
    intro: str = ""
    drawings: Sequence[Drawing] = ()
    more: Sequence[Drawing] = ()
    """Folded away."""
    more_title: str = ""


def sections(story: Story) -> list[Section]:
    """Returns the parts of a page that have something to show; plots are drawn here."""
    parts = [
        Section("answer", "The answer") if verdicts(story.comparison) else None,
        Section("numbers", "The numbers", _NUMBERS * _has_intervals(story.comparison)),
        *_with_plots(story),
        Section("pictures", "Right and wrong", _PICTURES) if story.contrasts else None,
        Section("notes", "Notes") if story.comparison.notes or story.remarks else None,
        Section("methods", "Methods"),
        Section("repeat", "Cite and repeat"),
    ]
    return [part for part in parts if part is not None]


def _has_intervals(comparison: Comparison) -> bool:
    cells = (cell for table in comparison.tables for row in table.rows for cell in row.cells.values())
    return any(cell.delta is not None and cell.delta.low is not None for cell in cells)


def _with_plots(story: Story) -> list[Section]:
    comparison = story.comparison
    shown = (row.recipe for table in comparison.tables for row in table.rows)
    papers = (point.recipe for claim in comparison.claims for point in claim.paper_points)
    seen = looks((*shown, *papers), comparison.baseline)
    of_main, of_others = forests(comparison, seen)
    parts = (
        Section(
            "differences",
            f"Differences to {comparison.baseline}",
            _DIFFERENCES,
            of_main,
            of_others,
            "The other scores",
        ),
        Section("effects", "What each change brings", _EFFECTS, effect_plots(comparison, seen)),
        Section("top1", "Does top-1 tell?", _TOP1, top1_plots(comparison, seen)),
        Section("cost", "Cost and gain", _COST, cost_plots(comparison, seen)),
        Section("curves", "Learning curves", _CURVES, curve_plots(story, seen)),
        Section("classes", "Class by class", _CLASSES, by_class(story, seen)),
        Section("errors", "Kinds of error", _ERRORS, by_error(comparison, seen)),
    )
    return [part for part in parts if part.drawings]
