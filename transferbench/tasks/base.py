"""What a task offers to whoever runs it, and what the data sets offer to the loader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from pydantic import PositiveInt

from transferbench.backbones.weights.asked import Use
from transferbench.engine.plan import Plan
from transferbench.schema import Schema
from transferbench.tricks.base import ParameterGroup

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from transferbench.backbones.base import Backbone


CacheMode = Literal["ram", "off", "auto"]
"""Whether decoded training pictures stay in memory; `auto`: where all of them fit in half of what is free."""


@dataclass(frozen=True)
class Cache:
    """Whether decoded training pictures stay in memory."""

    mode: CacheMode = "off"
    processes: int = 1
    """That keep pictures of their own on this machine."""


NO_CACHE = Cache()


class TaskProtocol(Schema):
    """A named, versioned way to measure a task; each task adds its data, plan and head."""

    name: str
    version: int = 1
    about: str
    """What it is, in one line."""
    source: str
    """Where its settings come from."""
    plan: Plan | None = None
    """How a transfer is trained; None where the recipe says so, as in classification."""
    score_batch: PositiveInt = 1
    """Pictures in a batch while scoring; the scores do not depend on it."""

    @property
    def key(self) -> str:
        """Name and version, as printed with every number."""
        return f"{self.name}@{self.version}"

    @property
    def use(self) -> Use:
        """What the backbone is loaded for."""
        return Use()

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width, in pixels, of the pictures that a backbone's multiply-adds are counted on."""
        raise NotImplementedError

    def with_frozen_backbone(self) -> Self:
        """Returns the protocol with nothing of the backbone trained; of a transfer."""
        raise NotImplementedError


class Examples(Protocol):
    """A split of a data set, item by item."""

    def __len__(self) -> int:
        """Returns the number of pictures."""

    def name(self, index: int) -> str:
        """Returns what a message calls a picture: its file."""

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the indices of all pictures as one epoch takes them."""

    def example(self, index: int, rng: np.random.Generator | None, epoch: int = 0) -> Any:
        """Returns one picture and its truth; augmented by `rng`, or as it is scored if None.

        What is done to a picture may depend on the `epoch` of the training.
        """

    def collate(self, examples: Sequence[Any]) -> Any:
        """Returns a batch on the CPU; it has `to(device)` and `len()`."""


@dataclass(frozen=True)
class ClassMarks:
    """How each class stands in the masks of a data set, in the order of the classes."""

    values: tuple[int, ...] = ()
    """In a mask file."""
    colours: tuple[str, ...] = ()
    """In a picture, as `#rrggbb`: those of the data set's own palette."""


NO_MARKS = ClassMarks()


@dataclass(frozen=True)
class DataCard:
    """What was read: enough to tell two data sets apart."""

    root: str
    fingerprint: str
    """sha256 over names and sizes of the files of both splits, and over what is in annotations and masks."""
    pictures: Mapping[str, int]
    """Number of pictures of each split."""
    classes: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    """What a reader of the scores should know of the data."""
    note: str = ""
    """What who waits should know of this machine: whether decoded pictures stay in memory."""
    marks: ClassMarks = NO_MARKS
    """How the classes stand in masks; of segmentation."""


Predictions = Mapping[str, "np.ndarray"]
"""Arrays from which all scores can be computed, now or again."""


@dataclass(frozen=True)
class Foreign:
    """Predictions of another tool."""

    predictions: Predictions
    remarks: tuple[str, ...] = ()
    """What a reader of their scores should know of them."""


@dataclass(frozen=True)
class Outcome:
    """What measuring a model gave."""

    scores: Mapping[str, float]
    """Name, as `detect/map_voc07`, to a fraction in [0, 1]."""
    per_class: Mapping[str, Mapping[str, float | None]]
    """Name of a score to its value for each class; None where the class has no truth. Names that `scores`
    does not have are numbers of objects."""
    predictions: Predictions = field(default_factory=dict)
    """Of all pictures of the split."""


@dataclass(frozen=True)
class Evidence:
    """What the scores of a split rest on, picture by picture."""

    pictures: tuple[str, ...]
    """Names in the order of the split; the same wherever the data lie."""
    of_picture_N: np.ndarray
    """How well each went, in [0, 1]; nan where there was nothing to do well."""
    scores: Callable[[np.ndarray], Mapping[str, np.ndarray]]
    """Given how often each picture is drawn, (N, R), the main scores (R,) by name. What a resample has no
    truth for is left out of its means; a score with nothing left is nan."""


class Task(Protocol):
    """One protocol on one data folder."""

    @property
    def name(self) -> str:
        """`classify`, `detect` or `segment`."""

    @property
    def data(self) -> DataCard:
        """What was read."""

    @property
    def fit_examples(self) -> Examples:
        """The split that is trained on."""

    @property
    def score_examples(self) -> Examples:
        """The split that is measured on."""

    def preflight(self) -> None:
        """Checks, before the first step, that pictures come with the labels that their files give them.

        Raises:
            DataError: one does not.
        """

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        """Returns the backbone with a new head, initialised from `seed` alone."""

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        """Returns the parameters that are trained."""

    def loss(self, model: nn.Module, batch: Any, rng: Random) -> Tensor:
        """Returns the scalar loss of a batch that is on the model's device."""

    def measure(self, model: nn.Module, batches: Iterable[Any], report: Callable[[int], None]) -> Predictions:
        """Returns what the model says of some batches, which are on its device.

        `report` is given the number of pictures done.
        """

    def outcome(self, parts: Sequence[Predictions]) -> Outcome:
        """Returns the scores of the split from what was said of its stretches, in order."""

    def evidence(self, outcome: Outcome) -> Evidence:
        """Returns what the scores of an outcome rest on, so that pictures can be drawn anew."""

    def read_predictions(self, path: Path) -> Foreign:
        """Returns what another tool says of the split, from its files.

        Raises:
            DataError: the files are missing or malformed, or do not fit the split.
        """

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        """Writes `truth_0.png`, `predicted_0.png`, ... for the first pictures of the split."""

    def draw_chosen(self, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
        """Writes the same for pictures of the split that are chosen by their places, and nothing else."""


def joined(parts: Sequence[Predictions]) -> dict[str, np.ndarray]:
    """Returns the predictions of a split from those of its stretches, in order.

    `pictures` (1,) counts those of a stretch, and `picture` counts them from the start of its stretch.
    """
    import numpy as np

    if "pictures" not in parts[0]:
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    counts = [part["pictures"] for part in parts]
    starts = np.cumsum([0, *(int(count[0]) for count in counts[:-1])])
    moved = [
        {**part, "picture": part["picture"] + np.asarray(start, part["picture"].dtype)}
        for part, start in zip(parts, starts, strict=True)
    ]
    whole = {name: np.concatenate([part[name] for part in moved]) for name in parts[0]}
    return {**whole, "pictures": np.sum(counts, axis=0)}
