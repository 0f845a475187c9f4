"""What travels with weights; read without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open

from transferbench.errors import WeightsError

METADATA_KEY = "transferbench"
FILE_NAME = "backbone.safetensors"
"""Of the weights in a run's folder."""

Activation = Literal["relu", "relu6", "own"]
"""`own` is whatever a network of timm's has."""
Padding = Literal["symmetric", "same", "valid", "own"]
"""Of strided layers: as much on both sides; TensorFlow's, the odd pixel after; none; whatever timm's has."""

Colour = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Pixels:
    """How pictures must be prepared for a backbone; it travels with the weights."""

    mean: tuple[Colour, Colour, Colour] = (0.485, 0.456, 0.406)
    """RGB, of pixels in [0, 1]."""
    std: tuple[Spread, Spread, Spread] = (0.229, 0.224, 0.225)
    input_size: PositiveInt = 224
    """Side of the square a classifier sees, in pixels."""
    crop: Annotated[float, Field(gt=0, le=1)] = 0.875
    """Share of the resized short side that the centre crop keeps at evaluation."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    colours: Literal["rgb", "bgr"] = "rgb"
    """Order in which the network is given them; `mean` and `std` are RGB all the same."""


@dataclass(frozen=True)
class Form:
    """What weights were trained with and the shapes of their tensors do not show."""

    activation: Activation = "relu"
    padding: Padding = "symmetric"


@dataclass(frozen=True)
class WeightsCard:
    """What belongs to weights beside the tensors; JSON in the header of the file."""

    arch: str
    """Name in the catalog."""
    pixels: Pixels = Pixels()
    form: Form | None = None
    """None in files of earlier versions: the architecture's own."""
    classes: tuple[str, ...] = ()
    """That the head was trained on, in the order of its outputs."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """As it was obeyed, defaults filled in."""
    scores: dict[str, float] = field(default_factory=dict)
    """Name, as `classify/top1`, to a fraction in [0, 1]."""
    data_fingerprint: str = ""
    """Of the data trained on."""
    lineage: dict[str, str] = field(default_factory=dict)
    """What the weights descend from, as `teacher`, to its sha256."""


def to_metadata(card: WeightsCard) -> dict[str, str]:
    """Returns the metadata of the file's header."""
    return {METADATA_KEY: _CARD.dump_json(card).decode()}


def read_card(path: Path) -> WeightsCard | None:
    """Returns the card in the header of a `.safetensors` file; None if the file is another, or none of ours.

    Raises:
        WeightsError: the file is missing, truncated or malformed, or its card is.
    """
    if path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
        return None if text is None else _CARD.validate_json(text)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{path}: expected a whole .safetensors file, found {what_it_is(path, error)}; "
            "copy or download it again"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise WeightsError(
            f"{path}: expected a card under {METADATA_KEY!r} in the header, found a fault at "
            f"{'.'.join(map(str, first['loc']))!r} ({first['msg']}); write the file again"
        ) from error


def what_it_is(path: Path, error: Exception) -> str:
    """Returns in words what a file that cannot be read looks like."""
    start = b"?"
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(64).lstrip()
    if not start:
        return "an empty one"
    if start.startswith(b"<"):
        return "an HTML page"
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS"
    reason = (str(error) or type(error).__name__).splitlines()[0].partition(". ")[0]
    return f"something else ({reason})"


_CARD = TypeAdapter(WeightsCard)
