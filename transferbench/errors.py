"""Every error raised on purpose, shaped for who catches.

TransferbenchError
|-- ConfigError     a recipe, suite or protocol says something it may not
|-- DataError       a dataset is missing, incomplete or malformed
|-- WeightsError    weights do not fit the backbone they are meant for
`-- RunError        a run cannot start or cannot go on

A message says where, what was expected, what was found and what to do.
"""

from collections.abc import Sequence


class TransferbenchError(Exception):
    """The user or the machine erred; the command line prints the message and exits with 1."""


class ConfigError(TransferbenchError):
    """A recipe, suite or protocol says something it may not."""


class DataError(TransferbenchError):
    """A dataset is missing, incomplete or malformed."""


class WeightsError(TransferbenchError):
    """Weights do not fit the backbone they are meant for."""


class RunError(TransferbenchError):
    """A run cannot start or cannot go on."""


def nearest(name: str, known: Sequence[str]) -> str:
    """Returns what a message about an unknown name ends with: the nearest known one, or all of them."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"the nearest is {near[0]!r}" if near else f"there are {', '.join(map(repr, known))}"
