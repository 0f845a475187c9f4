"""All that is wrong with a file, at once, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from transferbench.backbones.weights.settings import KEYS
from transferbench.errors import ConfigError, nearest
from transferbench.recipes.expected import expected
from transferbench.schema import Schema

_OF_KEY = "[key]"
"""Behind a key that is at fault itself, and not its value."""
S = TypeVar("S", bound=Schema)


def validated(kind: type[S], content: Mapping[str, Any], where: str) -> S:
    """Returns the record that a file's content describes.

    Args:
        kind: the record.
        content: what the file says.
        where: the file, for the message.

    Raises:
        ConfigError: one or more keys are unknown, missing or of a wrong value; all are told.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        faults = [_fault(kind, details) for details in error.errors()]
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise ConfigError(f"{where}: expected a {_word(kind)}, found {count}:\n{lines}") from error


def _word(kind: type[Schema]) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def _fault(kind: type[Schema], details: ErrorDetails) -> str:
    key = ".".join(str(part) for part in details["loc"] if part != _OF_KEY)
    if details["type"] == "extra_forbidden":
        *path, name = details["loc"]
        if name in KEYS and not path and "settings" in kind.model_fields:
            return f"{key}: unknown key; settings of the weights go into settings = {{ {name} = ... }}"
        known = sorted({field for model in _models_at(kind, path) for field in model.model_fields})
        return f"{key}: unknown key; {nearest(str(name), known)}"
    if details["type"] == "missing":
        return f"{key}: expected a value, found none; add the key"
    wanted = expected(details)
    if wanted is not None:
        return f"{key}: expected {wanted}, found {_shown(details['input'])}"
    message = details["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    is_plain = key and not isinstance(details["input"], Mapping)
    return (
        f"{key}: {message}; found {_shown(details['input'])}"
        if is_plain
        else f"{key}: {message}".lstrip(": ")
    )


def _shown(value: Any) -> str:
    """Returns a value as the file has it; of a table only that it is one."""
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, Mapping) else repr(value)


def _models_at(kind: type[BaseModel], path: Sequence[str | int]) -> Iterator[type[BaseModel]]:
    """Yields the records that a path of keys leads to; a step that is no field is the tag of a union."""
    if not path:
        yield kind
        return
    field = kind.model_fields.get(str(path[0]))
    if field is None:
        yield from _models_at(kind, path[1:])
        return
    models = list(_records_in(field.annotation))
    tagged = [model for model in models if len(path) > 1 and path[1] in _tags(model)]
    for model in tagged or models:
        yield from _models_at(model, path[1:])


def _records_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _records_in(part)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    fields = [model.model_fields[key] for key in ("name", "layout") if key in model.model_fields]
    return tuple(tag for field in fields for tag in get_args(field.annotation))
