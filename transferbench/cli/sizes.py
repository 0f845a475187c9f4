"""Numbers of bytes in words."""


def size(count: float) -> str:
    """Returns a number of bytes in the largest unit that it fills, as `1.2 GB`."""
    for unit, bytes_ in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
