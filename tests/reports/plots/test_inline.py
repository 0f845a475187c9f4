import re
from xml.etree import ElementTree

from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.inline import inline
from transferbench.reports.plots.intervals import Dot, forest
from transferbench.reports.plots.looks import looks
from transferbench.reports.rows import Interval


def _forest(name: str = "forest") -> Drawing:
    dots = [Dot("a<b & c", 1.0, Interval(-1.0, 3.0)), Dot("d", 2.0)]
    return forest(name, dots, looks(["base", "a<b & c", "d"], "base"), title="<T>", axis="x", zero="base")


def test_a_plot_of_a_page_is_an_svg_with_title_and_description() -> None:
    svg = ElementTree.fromstring(inline(_forest()))

    title, description = svg[0], svg[1]
    assert (svg.tag, title.text) == ("svg", "<T>")
    assert "a<b & c +1.0 [\u22121.0, 3.0]; d +2.0" in (description.text or "")
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_colours_of_a_page_come_from_its_style_sheet() -> None:
    svg = inline(_forest())

    assert not re.search(r"#[0-9a-f]{6}", svg)
    assert {"var(--ink)", "var(--rule)", "var(--series-0)"} <= set(re.findall(r"var\([^)]+\)", svg))


def test_names_in_two_plots_of_a_page_differ_and_lead_somewhere() -> None:
    first, second = inline(_forest("one")), inline(_forest("two"))

    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in (first, second)]
    assert not set(ids[0]) & set(ids[1])
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', first)[0]) - {""} <= set(ids[0])
    for target in re.findall(r'href="#([^"]+)"', first) + re.findall(r"url\(#([^)]+)\)", first):
        assert target in ids[0]


def test_nothing_of_a_plot_reaches_the_rest_of_the_page() -> None:
    svg = inline(_forest())

    assert "<style" not in svg and "<metadata" not in svg and "font-family" not in svg
