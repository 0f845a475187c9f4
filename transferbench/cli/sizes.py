"""Numbers in words: of bytes, signed ones, and hashes."""

import re

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def size(count: float) -> str:
    """Returns a number of bytes in the largest unit that it fills, as `1.2 GB`."""
    for unit, bytes_ in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def signed(value: float, decimals: int = 2) -> str:
    """Returns a number with its sign, which is never that of a nought that was rounded."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}"


def with_short_hashes(text: str) -> str:
    """Returns a text with the first twelve digits of each sha256 in it."""
    return _HASH.sub(r"\1", text)
