"""How much of the spread between runs comes from the backbone's seed, and how much from the transfer's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transferbench.reports.statistics.paired import mean

Nested = Mapping[int, Sequence[float]]
"""Seed of the backbone to the values of the transfers that started from it."""


@dataclass(frozen=True)
class Components:
    """Variances of what was varied, in the squared unit of the values."""

    pretraining: float
    """Between backbones of other seeds; 0 where the transfers alone explain what is seen."""
    transfer: float
    """Between transfers of one backbone."""
    backbones: int
    runs: int

    @property
    def share_of_pretraining(self) -> float | None:
        """Of the variance of a single run, in [0, 1]; None where nothing varied."""
        whole = self.pretraining + self.transfer
        return None if whole == 0 else self.pretraining / whole

    @property
    def share_of_transfer(self) -> float | None:
        """Of the variance of a single run, in [0, 1]; None where nothing varied."""
        share = self.share_of_pretraining
        return None if share is None else 1 - share


def components(recipes: Sequence[Nested]) -> Components | None:
    """Returns the variance components of a nested design, pooled over recipes.

    Each recipe keeps its own mean. None where the two cannot be told apart: no recipe has two
    backbones, or no backbone has two transfers.

    Args:
        recipes: the values of each, by backbone; at least one value a backbone. Groups may be of
            different sizes.

    Source:
        Analysis of variance: the mean square between backbones estimates transfer + n0 x pretraining, with
        n0 = sum(N - sum(n_i^2) / N) / (number of backbones - number of recipes) and n_i transfers of N.
        Searle, Casella & McCulloch 1992, "Variance components", section 3.6; below zero is taken as zero.
    """
    recipes = [{seed: values for seed, values in recipe.items() if values} for recipe in recipes]
    recipes = [recipe for recipe in recipes if recipe]
    backbones = sum(map(len, recipes))
    runs = sum(len(values) for recipe in recipes for values in recipe.values())
    between, within = backbones - len(recipes), runs - backbones
    if between == 0 or within == 0:
        return None
    transfer = math.fsum(_squares(values) for recipe in recipes for values in recipe.values()) / within
    among = math.fsum(map(_squares_between, recipes)) / between
    size = math.fsum(map(_effective_size, recipes)) / between
    return Components(max(0.0, (among - transfer) / size), transfer, backbones, runs)


def _squares(values: Sequence[float]) -> float:
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values)


def _squares_between(recipe: Nested) -> float:
    centre = mean([value for values in recipe.values() for value in values])
    return math.fsum(len(values) * (mean(values) - centre) ** 2 for values in recipe.values())


def _effective_size(recipe: Nested) -> float:
    sizes = [len(values) for values in recipe.values()]
    return sum(sizes) - sum(size * size for size in sizes) / sum(sizes)
