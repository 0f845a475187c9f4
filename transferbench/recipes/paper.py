"""The paper's numbers, as files give them. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, NonNegativeFloat
from pydantic_core import PydanticKnownError

from transferbench.schema import Schema


class PaperScore(Schema):
    """A number of the paper and its spread, fractions."""

    mean: Annotated[float, Field(ge=0, le=1)]
    sd: NonNegativeFloat | None = None
    """What the paper prints after its plus-minus; None where it prints one number."""


def _as_table(value: Any) -> Any:
    """Returns a bare number as the table that stands for it; a fault is told of the number itself."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not value >= 0:
        raise PydanticKnownError("greater_than_equal", {"ge": 0})
    if value > 1:
        raise PydanticKnownError("less_than_equal", {"le": 1})
    return {"mean": value}


ScoreName = Annotated[str, Field(pattern=r"^(classify|detect|segment)/\w+$")]
PaperScores = dict[ScoreName, Annotated[PaperScore, BeforeValidator(_as_table)]]
"""By name of score, each a fraction or `{ mean = 0.7837, sd = 0.0009 }`."""
