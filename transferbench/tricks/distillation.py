"""Distillation from a trained classifier.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, PositiveFloat, PrivateAttr, model_validator

from transferbench.errors import ConfigError
from transferbench.tricks.base import Form, Trick

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from transferbench.tricks.base import Load


class Distillation(Trick):
    """Pulls the softened output towards that of a teacher on the same (mixed) images.

    With soft = T^2 * CE(softmax(teacher / T), softmax(logits / T)) and `hard` for the loss without it, the
    loss is hard + weight * soft in the paper and (1 - w) * soft + w * hard in the released code. With SGD the
    second is the first with weight (1 - w) / w, `lr` times w and `weight_decay` over w.
    """

    source: ClassVar[str] = "Hinton et al. 2015; He et al. 2019, section 5.3"
    teacher: str
    """A finished pretraining run or a file with a classifier's weights; the paper takes a ResNet-152-D."""
    temperature: PositiveFloat = 20.0
    form: Form = "paper"
    weight: PositiveFloat | None = None
    """Factor on the soft loss in the paper's form; 1 where it is not given."""
    hard_weight: Annotated[float, Field(ge=0, lt=1)] | None = None
    """w of the released form, GluonCV's `DistillationSoftmaxCrossEntropyLoss`; 0.5 where it is not given."""
    _teacher: nn.Module | None = PrivateAttr(default=None)
    _home: tuple[torch.device, torch.dtype] | None = PrivateAttr(default=None)
    _clock: _Clock = PrivateAttr(default_factory=lambda: _Clock())

    @model_validator(mode="after")
    def _weighs_by_its_form(self) -> Self:
        unused, value = (
            ("weight", self.weight) if self.form == "released" else ("hard_weight", self.hard_weight)
        )
        if value is not None:
            raise ValueError(f"'{unused}' would have no effect in the form {self.form!r}; remove one of them")
        return self

    @property
    def teacher_seconds(self) -> float:
        """What the teacher has cost since it was loaded; asking waits for an accelerator."""
        return self._clock.seconds()

    def prepare(self, model: nn.Module, load: Load) -> None:
        self._teacher = load(self.teacher).eval().requires_grad_(False)
        self._home, self._clock = None, _Clock()
        known, asked = _classes(self._teacher), _classes(model)
        if known is not None and asked is not None:
            self._require_same(known, asked)

    def reshape_loss(
        self, loss: Tensor, *, images_NCHW: Tensor, logits_NK: Tensor, targets_NK: Tensor
    ) -> Tensor:
        teacher_logits_NK = self._taught(images_NCHW)
        self._require_same(teacher_logits_NK.shape[1], logits_NK.shape[1])
        soft = soft_cross_entropy(logits_NK, teacher_logits_NK, self.temperature)
        if self.form == "released":
            hard_weight = 0.5 if self.hard_weight is None else self.hard_weight
            return (1 - hard_weight) * soft + hard_weight * loss
        return loss + (1.0 if self.weight is None else self.weight) * soft

    def _taught(self, images_NCHW: Tensor) -> Tensor:
        import torch

        assert self._teacher is not None, "prepare comes first"
        home = images_NCHW.device, images_NCHW.dtype
        if self._home != home:
            # The teacher is no part of the model, so nobody else moves it to where the images are.
            self._teacher.to(images_NCHW)
            self._home = home
        with torch.no_grad(), self._clock.running(images_NCHW.device):
            logits_NK: Tensor = self._teacher(images_NCHW)
        return logits_NK

    def _require_same(self, known: int, asked: int) -> None:
        if known != asked:
            raise ConfigError(
                f"tricks.distillation.teacher: {self.teacher!r} knows {known} classes, "
                f"the data have {asked}; take a teacher trained on the same classes"
            )


def soft_cross_entropy(logits_NK: Tensor, teacher_logits_NK: Tensor, temperature: float) -> Tensor:
    """Returns T^2 * CE(softmax(r/T), softmax(z/T)), the mean over images, a scalar.

    T^2 keeps the gradient's size: softening divides it by T twice.

    Args:
        logits_NK: z, of the student.
        teacher_logits_NK: r.
        temperature: T, above 0; 1 leaves the distributions as they are.

    Source:
        Hinton et al. 2015, section 2; He et al. 2019, section 5.3.
    """
    targets_NK = (teacher_logits_NK / temperature).softmax(dim=1)
    entropy_N = -(targets_NK * (logits_NK / temperature).log_softmax(dim=1)).sum(dim=1)
    return temperature**2 * entropy_N.mean()


def _classes(model: nn.Module) -> int | None:
    """Returns the outputs of the last linear layer, where there is one."""
    from torch import nn

    linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
    return linears[-1].out_features if linears else None


@dataclass
class _Clock:
    """Adds up the time of what runs on a device, and waits for it only when asked for the sum."""

    _done: float = 0.0
    _pending: deque[tuple[torch.cuda.Event, torch.cuda.Event]] = field(default_factory=deque)

    @contextmanager
    def running(self, device: torch.device) -> Iterator[None]:
        """Times what is done within."""
        if device.type != "cuda":
            began = perf_counter()
            yield
            self._done += perf_counter() - began
            return
        began_event, ended_event = _event(), _event()
        began_event.record()
        yield
        ended_event.record()
        self._pending.append((began_event, ended_event))
        self._collect()

    def seconds(self) -> float:
        """Returns the sum so far."""
        if self._pending:
            self._pending[-1][1].synchronize()
        self._collect()
        return self._done

    def _collect(self) -> None:
        while self._pending and self._pending[0][1].query():  # type: ignore[no-untyped-call]
            began, ended = self._pending.popleft()
            self._done += began.elapsed_time(ended) / 1000


def _event() -> torch.cuda.Event:
    import torch

    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
