"""A drawing as a part of a page: its colours are the page's, its names its own."""

from __future__ import annotations

import re
from html import escape

from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.looks import FAINT, INK, PAPER, RULE, SERIES

_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    RULE: "var(--rule)",
    PAPER: "none",
    **{colour: f"var(--series-{place})" for place, colour in enumerate(SERIES)},
}
_COLOURS = re.compile("|".join(_VARIABLES))


def inline(drawing: Drawing) -> str:
    """Returns an `svg` element with a title and a description, which takes the width that it is given.

    Colours become variables of the style sheet; ids get the drawing's name before them, because a page
    has many drawings whose parts are called alike.
    """
    start = drawing.svg.index("<svg")
    opening, _, body = drawing.svg[start:].partition(">")
    box = re.search(r'viewBox="([^"]+)"', opening)
    assert box is not None
    for pattern in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r"<title>.*?</title>"):
        body = re.sub(pattern, "", body, flags=re.DOTALL)
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r'\bid="', f'id="{drawing.name}-', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{drawing.name}-", body)
    body = _COLOURS.sub(lambda match: _VARIABLES[match[0]], body).replace("xlink:href", "href")
    return (
        f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{drawing.name}-t {drawing.name}-d">'
        f'<title id="{drawing.name}-t">{escape(drawing.title)}</title>'
        f'<desc id="{drawing.name}-d">{escape(drawing.description)}</desc>{body}'
    )
