"""What the place that weights come from says of them. Imports neither torch nor timm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationError

from transferbench.backbones.catalog import TIMM
from transferbench.backbones.peers import FROM_TIMM, TORCHVISION
from transferbench.backbones.weights.faults import in_words
from transferbench.backbones.weights.index import IndexEntry
from transferbench.errors import WeightsError

_FROM_TORCHVISION = {theirs: ours for ours, theirs in reversed(TORCHVISION.items())}
"""Of two of ours, the plain one."""


@dataclass(frozen=True)
class Hints:
    """What is said of weights beside the file; empty where nothing is."""

    told_by: str = ""
    """As `the index`, `torchvision (IMAGENET1K_V1)`, `timm (resnet50d.gluon_in1k)` or
    `config.json of ORG/REPO`."""
    arch: str | None = None
    """Name in the catalog, or `timm:NAME`."""
    pixels: Mapping[str, Any] = field(default_factory=dict)
    """Field of `Pixels` to value, of those known."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Field of `Form` to value, of those known."""
    classes: int | None = None
    """Outputs of the classifier."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """As claimed: name, as `classify/top1`, to a fraction in [0, 1]."""


def hints_of_entry(entry: IndexEntry) -> Hints:
    """Returns what the index says."""
    return Hints(
        told_by="the index",
        arch=entry.arch,
        pixels=asdict(entry.pixels),
        form={} if entry.form is None else asdict(entry.form),
        classes=entry.classes,
        scores={"classify/top1": entry.top1, "classify/top5": entry.top5},
    )


def hints_of_torchvision(name: str, weights: Any) -> Hints:
    """Returns what torchvision says.

    Args:
        name: of the network, torchvision's.
        weights: a member of the enumeration of its weights.
    """
    shown = weights.transforms()
    resize, crop = shown.resize_size[0], shown.crop_size[0]
    pixels = {
        "mean": tuple(shown.mean),
        "std": tuple(shown.std),
        "input_size": crop,
        "crop": crop / resize,
        "interpolation": shown.interpolation.value,
    }
    if name == "inception_v3":
        # torchvision normalises pixels with ImageNet's figures and its network undoes it (transform_input).
        pixels |= {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    measured = weights.meta["_metrics"]["ImageNet-1K"]
    return Hints(
        told_by=f"torchvision ({weights.name})",
        arch=_FROM_TORCHVISION[name],
        pixels=pixels,
        classes=len(weights.meta["categories"]),
        scores={f"classify/top{k}": round(measured[f"acc@{k}"] / 100, 5) for k in (1, 5)},
    )


def hints_of_timm(model: str, content: Mapping[str, Any]) -> Hints:
    """Returns what timm says.

    Args:
        model: as `resnet50d.gluon_in1k`.
        content: of its pretrained cfg.

    Raises:
        WeightsError: the cfg says what a classifier here cannot be shown.
    """
    told_by = f"timm ({model})"
    cfg = _checked(told_by, content)
    arch, form = _arch_and_form(model)
    return Hints(told_by=told_by, arch=arch, pixels=cfg.pixels, form=form, classes=cfg.num_classes or None)


def hints_of_config(repo: str, content: Any) -> Hints:
    """Returns what the `config.json` of a hub's repository says; no architecture if it is not of timm's form.

    A network that was made with arguments (`model_args`) is no network of the catalog: it gives none either.

    Raises:
        WeightsError: it is of timm's form, but says what a classifier here cannot be shown.
    """
    told_by = f"config.json of {repo}"
    if not isinstance(content, Mapping) or not isinstance(content.get("architecture"), str):
        return Hints(told_by=told_by)
    # Files of older versions have no table of their own for the pretrained cfg.
    cfg = _checked(told_by, {**_table(content.get("pretrained_cfg")), **content})
    arch, form = _arch_and_form(content["architecture"])
    return Hints(
        told_by=told_by,
        arch=None if content.get("model_args") else arch,
        pixels=cfg.pixels,
        form=form,
        classes=cfg.num_classes or None,
    )


def _arch_and_form(model: str) -> tuple[str, dict[str, str]]:
    """Returns our name of a network of timm's, `timm:NAME` where we have none, and what its form is."""
    architecture = model.partition(".")[0]
    arch = FROM_TIMM.get(architecture, f"{TIMM}{architecture}")
    return arch, {"activation": "relu6"} if arch.startswith("mobilenet_v1") else {}


def _table(content: Any) -> Mapping[str, Any]:
    return content if isinstance(content, Mapping) else {}


def _square(size: tuple[int, int, int]) -> tuple[int, int, int]:
    if size[1] != size[2]:
        raise ValueError("expected a square")
    return size


@dataclass(frozen=True)
class _Cfg:
    """Of timm's pretrained cfg, what matters here."""

    mean: tuple[float, float, float] | None = None
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    crop_pct: Annotated[float, Field(gt=0, le=1)] | None = None
    interpolation: Literal["bilinear", "bicubic"] | None = None
    input_size: Annotated[tuple[Literal[3], PositiveInt, PositiveInt], AfterValidator(_square)] | None = None
    num_classes: Annotated[int, Field(ge=0)] | None = None

    @property
    def pixels(self) -> dict[str, Any]:
        """Field of `Pixels` to value, of those known."""
        pixels = {
            "mean": self.mean,
            "std": self.std,
            "input_size": self.input_size and self.input_size[1],
            "crop": self.crop_pct,
            "interpolation": self.interpolation,
        }
        return {key: value for key, value in pixels.items() if value is not None}


_CFG = TypeAdapter(_Cfg)
_KEYS = tuple(each.name for each in fields(_Cfg))


def _checked(told_by: str, content: Mapping[str, Any]) -> _Cfg:
    try:
        return _CFG.validate_python({key: content[key] for key in _KEYS if key in content})
    except ValidationError as error:
        raise WeightsError(
            f"{told_by}: expected square RGB pictures, resized bilinearly or bicubically and cropped, "
            f"found {'; '.join(map(in_words, error.errors()))}; "
            "download the file and give its path, --arch and what it was trained with"
        ) from error
