"""What a record of settings may not say, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def in_words(details: ErrorDetails) -> str:
    """Returns key, expectation and finding of one fault."""
    key = ".".join(map(str, details["loc"]))
    return f"{key}: {details['msg'][0].lower()}{details['msg'][1:]}; found {details['input']!r}"
