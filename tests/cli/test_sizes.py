"""Numbers in words."""

from __future__ import annotations

import pytest

from transferbench.cli.sizes import signed, with_short_hashes


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "+0.00"), (0.0, "+0.00"), (-0.006, "-0.01"), (12.345, "+12.35")]
)
def test_nought_has_no_minus(value: float, text: str) -> None:
    assert signed(value) == text


def test_a_hash_in_a_text_is_told_by_twelve_digits() -> None:
    text = f"a {64 * 'f'}, b {63 * 'f'}: {64 * '0'}"

    assert with_short_hashes(text) == f"a {12 * 'f'}, b {63 * 'f'}: {12 * '0'}"
