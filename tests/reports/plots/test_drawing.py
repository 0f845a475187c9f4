import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import pytest

from transferbench.reports.plots.drawing import Drawing, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _line(figure: "Figure") -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0])
    axes.set_xlabel("cost in $, not a_formula$")


def _drawing() -> Drawing:
    return drawn("line", _line, title="A line", description="It falls.", height_inches=2.0)


def _written(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    _drawing().write(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_plot_has_the_same_bytes_in_every_form(tmp_path: Path) -> None:
    first, second = _written(tmp_path / "first"), _written(tmp_path / "second")

    assert first == second


def test_text_stays_text_and_a_dollar_is_no_formula() -> None:
    drawing = _drawing()

    assert ">cost in $, not a_formula$</text>" in drawing.svg


def test_settings_of_the_machine_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _drawing()

    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9.0)

    assert _drawing() == plain
    assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_a_drawing_is_written_in_three_forms(tmp_path: Path) -> None:
    found = _written(tmp_path / "plots")

    starts = {name: content[:4] for name, content in found.items()}
    assert starts == {"line.svg": b"<?xm", "line.pdf": b"%PDF", "line.png": b"\x89PNG"}


def test_a_figure_that_is_laid_out_is_drawn_once_for_each_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = _drawing()
    draws: list[None] = []
    draw = type(drawing.figure).draw
    monkeypatch.setattr(type(drawing.figure), "draw", lambda *given: draws.append(draw(*given)))

    drawing.write(tmp_path)

    assert len(draws) == 2


def test_a_pdf_has_its_glyphs_and_no_tables_of_shaping(tmp_path: Path) -> None:
    content = _written(tmp_path / "plots")["line.pdf"]

    parts = [
        zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)\nendstream", content, re.DOTALL)
    ]
    fonts = [part for part in parts if part.startswith(b"\0\1\0\0")]
    assert fonts and all(b"glyf" in font[:400] and b"GPOS" not in font[:400] for font in fonts)
