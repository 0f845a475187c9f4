"""A page opened in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def opened(browser: Browser, address: str, **options: Any) -> Page:
    """Returns the page at an address; options are those of a new page."""
    page = browser.new_page(**options)
    page.goto(address)
    return page
