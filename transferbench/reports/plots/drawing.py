"""One drawing as SVG, PDF and PNG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from transferbench.files import whole_file
from transferbench.reports.plots.looks import SETTINGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_INCHES = 4.6
"""Of every plot: a column of a paper, a phone held upright, half a desktop."""
_DOTS_AN_INCH = 200
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
"""Without what changes from one time to the next."""

Form = Literal["svg", "pdf", "png"]


@dataclass(frozen=True)
class Drawing:
    """A plot; the same input gives the same bytes in every form."""

    name: str
    """Of its files, without a suffix."""
    title: str
    description: str
    """What it shows in words and numbers, for who does not see it."""
    svg: str
    figure: Figure = field(repr=False, compare=False)

    def write(self, folder: Path) -> None:
        """Writes NAME.svg, NAME.pdf and NAME.png, each whole or not at all."""
        forms: tuple[Form, ...] = ("pdf", "png")
        contents = {"svg": self.svg.encode(), **{form: _saved(self.figure, form) for form in forms}}
        for form, content in contents.items():
            with whole_file(folder / f"{self.name}.{form}") as file:
                file.write(content)


def drawn(
    name: str, paint: Callable[[Figure], None], *, title: str, description: str, height_inches: float
) -> Drawing:
    """Returns what `paint` draws on an empty figure.

    Args:
        name: of the files.
        paint: fills the figure.
        title: of the plot; it is not drawn.
        description: of the plot in words.
        height_inches: of the figure.
    """
    from matplotlib.figure import Figure

    with _settings():
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        paint(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # what was laid out once holds for every form
    return Drawing(name, title, description, _saved(figure, "svg").decode(), figure)


@contextmanager
def _settings() -> Iterator[None]:
    """Has matplotlib draw as all plots are drawn, whatever the machine's own settings say."""
    from matplotlib import rc_context, rcdefaults, rcParams

    with rc_context():
        rcdefaults()
        rcParams.update(SETTINGS)
        yield


def _saved(figure: Figure, form: Form) -> bytes:
    """Returns the file of a figure that is laid out; `savefig` would draw it twice to lay it out again."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    content = BytesIO()
    canvas: Any = {"svg": FigureCanvasSVG, "pdf": FigureCanvasPdf, "png": FigureCanvasAgg}[form](figure)
    with _settings(), _glyphs_alone():
        figure.set_dpi(_DOTS_AN_INCH)
        getattr(canvas, f"print_{form}")(content, metadata=_METADATA[form])
    return content.getvalue()


@contextmanager
def _glyphs_alone() -> Iterator[None]:
    """Has fonts embedded without tables of shaping, of no use in a PDF, whose reading is half of its time."""
    options: Any = import_module("fontTools.subset").Options  # which has no types
    known = options._drop_tables_default
    options._drop_tables_default = [*known, "GSUB", "GPOS", "GDEF"]
    try:
        yield
    finally:
        options._drop_tables_default = known
