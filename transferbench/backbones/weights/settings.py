"""What belongs to weights beside the tensors: who says it, and what holds. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from transferbench.backbones.card import Form, Pixels, WeightsCard
from transferbench.backbones.weights.faults import in_words
from transferbench.errors import WeightsError, nearest

if TYPE_CHECKING:
    from transferbench.backbones.catalog import BackboneSpec
    from transferbench.backbones.weights.hints import Hints

_PIXELS = tuple(field.name for field in fields(Pixels))
_FORM = tuple(field.name for field in fields(Form))
KEYS = (*_PIXELS, *_FORM)
OF_CLASSIFYING = ("input_size", "crop", "interpolation")
"""Settings that a detector or a segmenter has no use for: its protocol resizes."""


@dataclass(frozen=True)
class Settings:
    """How pictures are prepared and the network is built, each with who said so."""

    pixels: Pixels
    form: Form
    told_by: Mapping[str, str]
    """Field of `Pixels` or `Form` to who said it."""

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Returns value and origin of each setting, as a record stores them."""
        values = {**asdict(self.pixels), **asdict(self.form)}
        return {key: {"value": values[key], "told_by": self.told_by[key]} for key in KEYS}


def settle(
    spec: BackboneSpec,
    *,
    card: WeightsCard | None = None,
    hints: Hints | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Settings:
    """Returns what was asked for, else what the file's card says, else the source, else the architecture.

    Args:
        spec: the architecture.
        card: of the file.
        hints: of the place the file came from.
        asked: field of `Pixels` or `Form` to value, by the user.

    Raises:
        WeightsError: a setting is unknown or has no such value.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [
        (f"the default of {spec.name}", {**asdict(spec.pixels), **asdict(spec.form)})
    ]
    if hints is not None:
        layers.append((hints.told_by, {**hints.pixels, **hints.form}))
    if card is not None:
        form = {} if card.form is None else asdict(card.form)
        layers.append(("the file's card", {**asdict(card.pixels), **form}))
    layers.append(("you", dict(asked or {})))

    values: dict[str, Any] = {}
    told_by: dict[str, str] = {}
    for who, layer in layers:
        for key, value in layer.items():
            if key not in KEYS:
                raise WeightsError(f"setting {key!r}: expected one of the weights'; {nearest(key, KEYS)}")
            values[key], told_by[key] = value, who
    return Settings(
        _checked(Pixels, {key: values[key] for key in _PIXELS}),
        _checked(Form, {key: values[key] for key in _FORM}),
        told_by,
    )


def _checked(kind: type[Any], values: Mapping[str, Any]) -> Any:
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        faults = "; ".join(map(in_words, error.errors()))
        raise WeightsError(f"settings of the weights: {faults}") from error
