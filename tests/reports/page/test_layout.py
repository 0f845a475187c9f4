"""Where things stand on the page, on a phone and on a desktop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fabricate.records import record
from tests.reports.page.opened import opened
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.page.page import html
from transferbench.reports.page.sections import sections
from transferbench.reports.page.story import Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_narrow_page_does_not_scroll_sideways(browser: Browser, address: str, width: int) -> None:
    page = opened(browser, address, viewport={"width": width, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    widths = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")

    assert max(widths) <= width
    assert page.evaluate("document.querySelector('.scroll').tabIndex") == 0


def test_a_name_of_common_length_is_not_broken(browser: Browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 700, "height": 900})

    heights = page.eval_on_selector_all(
        "#table-detect th[scope=row] .who", "names => names.map(name => name.getBoundingClientRect().height)"
    )

    assert len(heights) == 4 and len(set(heights)) == 1


def test_rules_between_rows_run_through_the_name_as_well(page: Page) -> None:
    collapse, rules = page.evaluate(
        "(() => { const t = document.querySelector('#table-detect'); "
        "return [getComputedStyle(t).borderCollapse, "
        "[...t.tBodies[0].rows].slice(1).map(r => [...r.cells].map(c => "
        "getComputedStyle(c).borderTopWidth).join())] })()"
    )

    assert collapse == "separate"  # a collapsed rule stays behind when a name sticks
    assert all(set(row.split(",")) == {"1px"} for row in rules)


def test_a_long_name_is_not_broken_within_a_word_on_a_desktop(browser: Browser, tmp_path: Path) -> None:
    name = "miniature_distillation_of_the_teacher"
    runs = [record(n, "detect", 0, {"map_area": v}) for n, v in (("B", 0.5), (name, 0.6))]
    told = Story(compare(runs, suite="s", baseline="B"), {run.identity: run for run in runs})
    (tmp_path / "page.html").write_text(html(told, sections(told)), encoding="utf-8")

    page = opened(browser, (tmp_path / "page.html").as_uri(), viewport={"width": 1200, "height": 900})

    heights = page.eval_on_selector_all(
        "#table-detect th[scope=row] .who", "names => names.map(name => name.getBoundingClientRect().height)"
    )
    assert len(set(heights)) == 1


def test_on_a_phone_differences_stand_before_the_numbers(browser: Browser, address: str) -> None:
    tops = [
        opened(browser, address, viewport={"width": width, "height": 800}).evaluate(
            "['answer', 'differences', 'numbers', 'notes']"
            ".map(id => document.getElementById(id).getBoundingClientRect().top)"
        )
        for width in (360, 1200)
    ]

    assert tops[0] == sorted(tops[0])
    assert tops[1][1] > tops[1][2]


def test_a_caption_is_read_whole_on_a_phone(browser: Browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 320, "height": 800})

    rights = page.eval_on_selector_all(
        "caption .seen", "all => all.map(each => each.getBoundingClientRect().right).filter(right => right)"
    )

    assert len(rights) > 5 and max(rights) <= 320
