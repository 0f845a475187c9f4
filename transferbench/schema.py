"""The base of everything read from a file."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A frozen record that forbids unknown keys and takes no value of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
