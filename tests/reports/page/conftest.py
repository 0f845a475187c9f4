"""The page in a real browser, headless."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.reports.page.stories import story
from transferbench.reports.page.page import html
from transferbench.reports.page.sections import sections

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = (
    os.environ.get("TRANSFERBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    told = story()
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(html(told, sections(told)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium, which is not installed; install it or set TRANSFERBENCH_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
    with api.sync_playwright() as playwright:
        # Without a sandbox, because containers do not let it have one; the page is our own.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 1200, "height": 900}) as found:
        found.goto(address)
        yield found
