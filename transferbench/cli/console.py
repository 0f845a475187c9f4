"""The two streams: results on stdout, words for people on stderr."""

import os

from rich.console import Console

_WIDE = 10_000

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


def wide_out() -> Console:
    """Returns stdout, so wide where it is no terminal that nothing is broken over lines.

    The variable COLUMNS sets the width all the same.
    """
    is_free = not out.is_terminal and "COLUMNS" not in os.environ
    return Console(highlight=False, soft_wrap=False, width=_WIDE) if is_free else out
