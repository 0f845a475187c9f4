"""What a teacher costs is measured, and no step waits for the measure."""

import pytest
import torch
from torch import nn

from transferbench.tricks import distillation
from transferbench.tricks.distillation import Distillation


def test_the_teachers_time_adds_up_and_starts_afresh_with_a_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 10.5, 20.0, 20.25])
    monkeypatch.setattr(distillation, "perf_counter", lambda: next(ticks))
    trick, images_NCHW, logits_NK = _distillation(), torch.rand(2, 3, 2, 2), torch.zeros(2, 5)

    for _ in range(2):
        trick.reshape_loss(
            torch.zeros(()), images_NCHW=images_NCHW, logits_NK=logits_NK, targets_NK=logits_NK
        )

    assert trick.teacher_seconds == 0.75
    trick.prepare(nn.Identity(), lambda name: nn.Identity())
    assert trick.teacher_seconds == 0


def test_the_time_on_a_device_is_waited_for_only_when_asked_for(events: list["_Event"]) -> None:
    clock = distillation._Clock()

    for _ in range(3):
        with clock.running(torch.device("cuda")):
            pass

    assert not any(event.is_waited_for for event in events)
    assert clock.seconds() == pytest.approx(3 * 0.004)
    assert events[-1].is_waited_for


def test_events_that_are_over_are_not_kept(events: list["_Event"]) -> None:
    clock = distillation._Clock()

    for _ in range(5):
        with clock.running(torch.device("cuda")):
            pass
        for event in events:
            event.is_over = True

    assert len(clock._pending) == 1
    assert clock.seconds() == pytest.approx(5 * 0.004)


class _Event:
    """An event of a device that gets through 4 ms of work from one to the next, once it is waited for."""

    def __init__(self, made: list["_Event"]) -> None:
        self._made, self._order = made, len(made)
        self.is_over = self.is_waited_for = False
        made.append(self)

    def record(self) -> None:
        assert not self.is_over

    def query(self) -> bool:
        return self.is_over

    def synchronize(self) -> None:
        self.is_waited_for = True
        for event in self._made:
            event.is_over = True

    def elapsed_time(self, end: "_Event") -> float:
        assert self.is_over and end.is_over
        return 4.0 * (end._order - self._order)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[_Event]:
    made: list[_Event] = []
    monkeypatch.setattr(torch.cuda, "Event", lambda *, enable_timing: _Event(made))
    return made


def _distillation() -> Distillation:
    trick = Distillation(teacher="any")
    trick.prepare(nn.Identity(), lambda name: nn.Sequential(nn.Flatten(), nn.Linear(12, 5)))
    return trick
