"""What backbones cost, as lines of `list` and as facts of `show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transferbench.backbones.catalog import BackboneSpec

_SIDE_PIXELS = 224
"""Of the pictures that all backbones are compared on."""


@dataclass(frozen=True)
class _Column:
    header: str
    plain: str
    """What the cell is called where there is no header."""
    cells: Sequence[str]
    is_number: bool = False


def lines(specs: Sequence[BackboneSpec], *, is_terminal: bool) -> Iterator[tuple[str, str]]:
    """Yields lines and their styles: one a backbone for a pipe; a header, and two a backbone, for a terminal.

    Args:
        specs: in the order of the lines.
        is_terminal: whether people read them.
    """
    columns = _columns(specs)
    abouts = [f"{spec.about} [{spec.source}]" for spec in specs]
    if not is_terminal:
        for line, about in zip(_aligned(columns), abouts, strict=True):
            yield f"{line}  {about}", ""
        return
    header, *rest = _aligned(columns, has_header=True)
    yield header, "bold"
    for line, about in zip(rest, abouts, strict=True):
        yield line, ""
        yield f"    {about}", "dim"


def facts(spec: BackboneSpec) -> dict[str, Any]:
    """Returns what a backbone costs, and its maps at its own input size."""
    from transferbench.backbones.cost import costs_of

    own = spec.pixels.input_size
    costs = dict(zip((_SIDE_PIXELS, own), costs_of(spec.name, [_SIDE_PIXELS, own]), strict=True))
    maps = zip(spec.strides, costs[own].shapes, strict=True)
    return {
        "parameters_millions": round(costs[own].parameters / 1e6, 2),
        "gmacs": {f"{side} px": round(costs[side].macs / 1e9, 2) for side in _sides(spec)},
        "shapes": {
            "picture": [3, own, own],
            **{f"stride {stride}": list(shape) for stride, shape in maps},
        },
    }


def _columns(specs: Sequence[BackboneSpec]) -> list[_Column]:
    from transferbench.backbones.cost import costs_of

    sides = [_sides(spec) for spec in specs]
    costs = [costs_of(spec.name, each) for spec, each in zip(specs, sides, strict=True)]
    own = [
        f"{_billions(cost[1].macs)} @{side[1]}" if len(side) > 1 else ""
        for cost, side in zip(costs, sides, strict=True)
    ]
    columns = [
        _Column("name", "{}", [spec.name for spec in specs]),
        _Column("params", "{} parameters", [_millions(cost[0].parameters) for cost in costs], is_number=True),
        _Column(
            "MACs @224", "{} MACs at 224 px", [_billions(cost[0].macs) for cost in costs], is_number=True
        ),
        _Column("own size", "{} px", own, is_number=True),
        _Column("channels", "channels {}", [" ".join(map(str, spec.channels)) for spec in specs]),
        _Column("strides", "strides {}", [" ".join(map(str, spec.strides)) for spec in specs]),
    ]
    return [column for column in columns if any(column.cells)]


def _sides(spec: BackboneSpec) -> list[int]:
    own = spec.pixels.input_size
    return [_SIDE_PIXELS, own] if own > _SIDE_PIXELS else [_SIDE_PIXELS]


def _aligned(columns: Sequence[_Column], *, has_header: bool = False) -> list[str]:
    texts = []
    for column in columns:
        cells = [column.header, *column.cells] if has_header else _named(column)
        width = max(map(len, cells))
        texts.append([cell.rjust(width) if column.is_number else cell.ljust(width) for cell in cells])
    return ["  ".join(row).rstrip() for row in zip(*texts, strict=True)]


def _named(column: _Column) -> list[str]:
    return [column.plain.format(cell) if cell else "" for cell in column.cells]


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M"


def _billions(count: int) -> str:
    return f"{count / 1e9:.2f} G"
