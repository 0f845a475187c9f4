"""The page in a real browser, headless: what is clicked, typed, seen and asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.reports.page.opened import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DETECT = "#table-detect"


def _names(page: Page) -> list[str]:
    return page.locator(f"{DETECT} tbody th").all_inner_texts()


def _order(page: Page, column: int) -> str | None:
    return page.locator(f"{DETECT} thead th").nth(column).get_attribute("aria-sort")


def test_a_click_sorts_best_first_and_another_turns_the_order(page: Page) -> None:
    assert _names(page) == ["plain", "warmup", "mixup & friends", "<b>tall</b>"]
    button = page.locator(f"{DETECT} thead button").nth(1)

    button.click()
    best_first, order = _names(page), _order(page, 1)
    button.click()

    assert (best_first, order) == (["mixup & friends", "warmup", "plain", "<b>tall</b>"], "descending")
    assert (_names(page), _order(page, 1)) == (best_first[::-1], "ascending")


def test_the_keyboard_sorts_as_a_click_does_and_the_order_is_said(page: Page) -> None:
    button = page.locator(f"{DETECT} thead button").nth(1)

    button.focus()
    page.keyboard.press("Enter")
    best_first = _names(page)
    page.keyboard.press("Space")

    assert best_first[0] == "mixup & friends"
    assert _names(page) == best_first[::-1]
    assert page.locator("#said").inner_text() == "sorted by mAP 11-point \u2191, ascending"


def test_an_empty_cell_is_last_in_either_order(page: Page) -> None:
    button = page.locator(f"{DETECT} thead button").nth(2)

    button.click()
    first = _names(page)
    button.click()

    assert first[-1] == _names(page)[-1] == "plain"
    assert first[:3] == _names(page)[2::-1]


def test_names_sort_as_letters_and_one_column_at_a_time_is_marked(page: Page) -> None:
    page.locator(f"{DETECT} thead button").nth(1).click()

    page.locator(f"{DETECT} thead button").nth(0).click()

    assert _names(page) == ["<b>tall</b>", "mixup & friends", "plain", "warmup"]
    assert page.locator(f"{DETECT} [aria-sort]").count() == 1


def test_every_head_of_every_table_of_numbers_is_a_button(page: Page) -> None:
    heads = page.locator("table.sortable thead th")

    assert heads.count() == page.locator("table.sortable thead th > button").count() > 20


def test_nothing_is_fetched_and_nothing_is_complained_of(browser: Browser, address: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))

    page.goto(address)
    page.locator("summary").first.click()
    page.wait_for_load_state("networkidle")

    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert told == []


def test_dark_mode_turns_paper_and_plots(browser: Browser, address: str) -> None:
    seen = []
    for scheme in ("light", "dark"):
        page = opened(browser, address, color_scheme=scheme)
        colours = page.evaluate(
            "['body', '.plot svg text', 'td .aside'].map(q => { const s = getComputedStyle("
            "document.querySelector(q)); return [s.backgroundColor, s.color, s.fill] })"
        )
        seen.append(colours)

    (light, light_text, _), (dark, dark_text, _) = seen
    assert light[0] == "rgb(253, 253, 251)" and dark[0] == "rgb(21, 22, 26)"
    assert light_text[2] == "rgb(27, 27, 26)" and dark_text[2] == "rgb(233, 232, 227)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast_enough(browser: Browser, address: str, scheme: Any) -> None:
    page = opened(browser, address, color_scheme=scheme)

    ratios = page.evaluate(_CONTRASTS)

    assert len(ratios) > 50
    assert min(ratio for _, ratio in ratios) >= 4.5, sorted(ratios, key=lambda found: found[1])[:3]


def test_every_picture_has_words_and_every_plot_a_title(page: Page) -> None:
    lacking = page.evaluate(
        "[...document.images].filter(i => !i.alt || !i.complete || !i.naturalWidth).length + "
        "[...document.querySelectorAll('svg')].filter(s => !s.querySelector(':scope > title')).length"
    )

    assert lacking == 0
    assert page.locator("svg[role=img]").count() > 10


def test_the_first_tab_skips_to_the_answer(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("#main")


def test_numbers_can_be_taken_along(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as found:
        page.get_by_role("link", name="compare.json").click()

    found.value.save_as(tmp_path / "taken.json")
    assert (tmp_path / "taken.json").read_text() == '{"a": 1}\n'


def test_without_scripts_the_numbers_are_all_there(browser: Browser, address: str) -> None:
    page = opened(browser, address, java_script_enabled=False)

    assert page.locator(f"{DETECT} tbody tr").count() == 4
    assert page.locator(f"{DETECT} button").count() == 0


_CONTRASTS = """() => {
  const light = (c) => {
    const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => !['SCRIPT', 'STYLE', 'title', 'desc'].includes(e.tagName))
    .map(e => {
      const style = getComputedStyle(e);
      const ink = light(e.tagName === 'text' ? style.fill : style.color), ground = light(paper(e));
      return [e.textContent.slice(0, 30), (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05)];
    });
}"""
"""Of every element with text of its own, the ratio of WCAG 2 between its colour and what is behind it."""
