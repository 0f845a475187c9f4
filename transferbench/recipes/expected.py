"""What a value was expected to be, in words a writer of TOML knows. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

_WORDS = {
    "literal_error": "{expected}",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "dict_type": "a table, as {{ key = ... }}",
    "model_type": "a table, as {{ key = ... }}",
    "model_attributes_type": "a table, as {{ key = ... }}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "a number below {lt}",
    "less_than_equal": "{le} or less",
    "too_short": "{min_length} or more of them",
    "too_long": "{max_length} of them or fewer",
    "string_too_short": "text of {min_length} or more characters",
}
"""By pydantic's kind of fault."""
_CHARACTERS = re.compile(r"\[A-Za-z0-9(?P<others>[^\]]*)\]")


def expected(details: ErrorDetails) -> str | None:
    """Returns what follows `expected`; None where the fault says more than that in its own words."""
    words: str | None = _WORDS.get(details["type"])
    said: Mapping[str, Any] = details.get("ctx", {})
    context = {key: f"{value:g}" if isinstance(value, float) else value for key, value in said.items()}
    if details["type"] == "string_pattern_mismatch":
        return _of_pattern(str(context["pattern"]))
    return None if words is None else words.format(**context)


def _of_pattern(pattern: str) -> str:
    """Returns in words what names may be made of; any other pattern as it is."""
    if pattern.startswith("^(classify"):
        return "the name of a score, as classify/top1"
    others = sorted({str(found["others"]) for found in _CHARACTERS.finditer(pattern)}, key=len)
    if not others:
        return f"text of the form {pattern.strip('^$')}"
    signs = " ".join(others[-1])
    start = "" if len(others) == 1 else ", a letter or digit first"
    return f"a name of letters, digits and {signs}{start}"
