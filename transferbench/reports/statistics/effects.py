"""What each part of a recipe brings, alone and together with another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Literal

from transferbench.reports.statistics.holm import holm
from transferbench.reports.statistics.paired import Difference, mean, paired_difference

Design = Literal["cumulative", "leave_one_out", "factorial"]
EffectKind = Literal["main", "interaction", "step", "left out"]

Levels = Mapping[str, Mapping[str, bool]]
"""Recipe to factor to whether it is on, recipes in the order of the design."""
Values = Mapping[str, Mapping[int, float]]
"""Recipe to seed to a score."""


@dataclass(frozen=True)
class Effect:
    """What a factor, or two of them together, change in a score."""

    name: str
    """Factors, joined by ` + ` where they came on together and by ` x ` for an interaction."""
    kind: EffectKind
    difference: Difference
    """In the unit of the score, corrected by Holm over all effects of the score."""


def effects(
    design: Design, levels: Levels, values: Values, groups: Mapping[int, Hashable] | None = None
) -> list[Effect]:
    """Returns the effects of a design on one score; none whose runs are missing.

    * `factorial`: each factor's main effect, the mean over all recipes with it minus that over all
      without; then each pair's interaction, half of how much more the one brings with the other on
      than with it off. With the other on, a factor brings main + interaction; off, main - interaction.
    * `cumulative`: each recipe minus the one before it.
    * `leave_one_out`: the recipe with everything on minus that without one factor.

    Each is a contrast within a seed; the interval is Student's over seeds, of those that have all runs of
    the contrast.

    Args:
        design: how the recipes were built.
        levels: of every recipe.
        values: of one score; recipes and seeds may be missing.
        groups: seed of a run to the seed of its backbone, where several transfers share one.

    Source:
        Box, Hunter & Hunter 2005, "Statistics for experimenters", chapter 5; Holm 1979.
    """
    contrasts = {"factorial": _factorial, "cumulative": _steps, "leave_one_out": _left_out}[design](levels)
    found = [
        Effect(name, kind, difference)
        for name, kind, plus, minus in contrasts
        if (difference := _difference(plus, minus, values, groups)) is not None
    ]
    corrected = holm([effect.difference.p for effect in found])
    return [
        replace(effect, difference=replace(effect.difference, p_holm=p))
        for effect, p in zip(found, corrected, strict=True)
    ]


_Contrast = tuple[str, EffectKind, Sequence[str], Sequence[str]]
"""Name, kind, and the recipes whose mean counts for and against."""


def _factorial(levels: Levels) -> list[_Contrast]:
    factors = list(next(iter(levels.values()), {}))
    if len(levels) < 2 ** len(factors):
        return []
    main = [_split(name, "main", {r: on[name] for r, on in levels.items()}) for name in factors]
    pairs = [
        _split(f"{a} x {b}", "interaction", {r: on[a] == on[b] for r, on in levels.items()})
        for a, b in combinations(factors, 2)
    ]
    return [*main, *pairs]


def _split(name: str, kind: EffectKind, is_plus: Mapping[str, bool]) -> _Contrast:
    return (
        name,
        kind,
        [r for r, is_on in is_plus.items() if is_on],
        [r for r, is_on in is_plus.items() if not is_on],
    )


def _steps(levels: Levels) -> list[_Contrast]:
    return [
        (
            " + ".join(name for name, is_on in levels[after].items() if is_on and not levels[before][name]),
            "step",
            [after],
            [before],
        )
        for before, after in pairwise(levels)
    ]


def _left_out(levels: Levels) -> list[_Contrast]:
    whole = next((recipe for recipe, on in levels.items() if all(on.values())), None)
    if whole is None:
        return []
    return [
        (missing[0], "left out", [whole], [recipe])
        for recipe, on in levels.items()
        if len(missing := [name for name, is_on in on.items() if not is_on]) == 1
    ]


def _difference(
    plus: Sequence[str], minus: Sequence[str], values: Values, groups: Mapping[int, Hashable] | None
) -> Difference | None:
    seeds = sorted(set.intersection(*(set(values.get(recipe, {})) for recipe in (*plus, *minus))))
    if not seeds:
        return None
    with_it, without = (
        [mean([values[recipe][seed] for recipe in side]) for seed in seeds] for side in (plus, minus)
    )
    return paired_difference(with_it, without, None if groups is None else [groups[seed] for seed in seeds])
