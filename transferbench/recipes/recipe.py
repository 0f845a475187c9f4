"""What a recipe says: one way to get a backbone. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from transferbench.backbones.catalog import BACKBONES, TIMM
from transferbench.backbones.weights.local import RANDOM, SHUFFLED
from transferbench.engine.plan import Plan
from transferbench.recipes.paper import PaperScores
from transferbench.schema import Schema
from transferbench.tricks.bag import Bag

TAUGHT_BY = "recipe:"
"""Before the name of a recipe whose run is the teacher of another, or gives it its weights."""


class Recipe(Schema):
    """One way to get a backbone: either weights that are there, or a plan and a bag of tricks."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
    """Of the row in tables and of the folder of its runs."""
    about: str = ""
    weights: str | None = None
    """`random:ARCH`, a run folder, a file of weights, `timm:NAME`, `torchvision:NAME`, `hf:ORG/REPO`,
    a name of `weights list`, or `shuffled:` and one of these; in a suite also `recipe:NAME`, what
    another of its recipes trains or loads, `shuffled:recipe:NAME`, and `random:recipe:NAME`, its network."""
    arch: str | None = None
    """Name of the backbone that is trained, or that a file of weights without a card is for."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What belongs to `weights` and their source does not say: `mean`, `std`, `padding`, `activation`, ..."""
    allow_missing: tuple[str, ...] = ()
    """Patterns of names that the file of `weights` may lack."""
    protocol: str = "imagenet@1"
    """How the pretraining is fed and measured."""
    init: Literal["he", "paper", "released"] = "he"
    """What fresh weights are drawn from, backbone and classifier alike: `he`, normal by the fan-out;
    `paper`, Xavier's uniform; `released`, the released code's normal by the mean of both fans."""
    plan: Plan | None = None
    tricks: Bag = Bag()
    paper: PaperScores = Field(default_factory=dict)
    """The paper's numbers for this row, by name of score, as fractions; a base does not hand them on."""

    @field_validator("arch")
    @classmethod
    def _is_known(cls, arch: str | None) -> str | None:
        if arch is not None and arch not in BACKBONES and not arch.startswith(TIMM):
            near = get_close_matches(arch, BACKBONES, n=1, cutoff=0)
            raise ValueError(f"there is no backbone of that name, the nearest is {near[0]!r}")
        return arch

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if self.weights is not None:
            is_named_twice = self.weights.startswith(RANDOM) and self.arch is not None
            unused: list[str] = ["arch"] if is_named_twice else []
            unused += [key for key in ("init", "plan", "tricks") if key in self.model_fields_set]
            if unused:
                raise ValueError(
                    "'weights' says where the backbone comes from, so this would have no effect: "
                    f"{_listed(unused)}; remove one or the other"
                )
            return self
        unused = [key for key in ("settings", "allow_missing") if getattr(self, key)]
        if unused:
            raise ValueError(
                f"{_listed(unused)} would have no effect without 'weights'; remove it or name them"
            )
        if self.plan is None or self.arch is None:
            missing = [key for key in ("arch", "plan") if getattr(self, key) is None]
            raise ValueError(
                f"either 'weights' or both 'arch' and 'plan' are needed; missing: {_listed(missing)}"
            )
        return self

    @model_validator(mode="after")
    def _warms_up_once(self) -> Self:
        if self.plan is not None and self.plan.warmup_epochs and self.tricks.warmup is not None:
            raise ValueError(
                "'plan.warmup_epochs' and 'tricks.warmup' would both raise the rate from zero; "
                "remove one or the other"
            )
        return self

    @property
    def is_trained_here(self) -> bool:
        """Whether the backbone is pretrained by its recipe, and not loaded."""
        return self.plan is not None

    @property
    def teacher(self) -> str | None:
        """Name of the recipe whose run teaches this one; None where weights do, or nobody."""
        source = self.tricks.distillation.teacher if self.tricks.distillation else ""
        return source.removeprefix(TAUGHT_BY) if source.startswith(TAUGHT_BY) else None

    @property
    def given_by(self) -> str | None:
        """Name of the recipe whose run gives this one its weights; None where nobody's does."""
        source = (self.weights or "").removeprefix(SHUFFLED)
        return source.removeprefix(TAUGHT_BY) if source.startswith(TAUGHT_BY) else None


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(repr(key) for key in keys)
