import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import IO

import pytest
import torch
from torch import Tensor, nn

from tests.engine.linear import Batches, Pairs, Regression, job
from transferbench.engine.loop import Interrupted, fit
from transferbench.engine.plan import Plan, Sgd, Step
from transferbench.engine.report import Step as StepReport
from transferbench.errors import RunError
from transferbench.tricks.bag import Bag


def losses(steps: list[StepReport]) -> list[float]:
    return [step.loss for step in steps]


def test_every_step_is_reported_once_and_in_order(tmp_path: Path) -> None:
    steps: list[StepReport] = []

    fit(job(tmp_path), steps.append)

    assert [step.step for step in steps] == list(range(12))
    assert all(step.steps == 12 for step in steps)


def test_the_loss_falls(tmp_path: Path) -> None:
    steps: list[StepReport] = []

    fit(job(tmp_path), steps.append)

    assert steps[-1].loss < 0.3 * steps[0].loss


@pytest.mark.parametrize("stop_at", [1, 4, 7, 11])
def test_a_training_stopped_anywhere_and_resumed_is_the_uninterrupted_one(
    tmp_path: Path, stop_at: int
) -> None:
    whole: list[StepReport] = []
    fit(job(tmp_path, checkpoint=tmp_path / "whole.ckpt"), whole.append)
    parts: list[StepReport] = []
    calls = iter(range(100))
    stopping = job(tmp_path, should_stop=lambda: 15 if next(calls) == stop_at - 1 else 0)

    with pytest.raises(Interrupted):
        fit(stopping, parts.append)
    resumed = job(tmp_path)
    fit(resumed, parts.append)

    assert losses(parts) == losses(whole)


def test_resuming_does_not_depend_on_what_was_drawn_before(tmp_path: Path) -> None:
    first, second = job(tmp_path, checkpoint=tmp_path / "a"), job(tmp_path, checkpoint=tmp_path / "b")

    fit(first, lambda _: None)
    torch.rand(17)
    fit(second, lambda _: None)

    torch.testing.assert_close(first.model.state_dict(), second.model.state_dict(), rtol=0, atol=0)


def test_accumulated_parts_make_the_step_of_the_whole_batch(tmp_path: Path) -> None:
    class Still(Regression):
        def loss(self, model: nn.Module, batch: Pairs, rng: Random) -> Tensor:
            loss: Tensor = (model(batch.x_NC) - batch.y_N1).square().mean()
            return loss

    class Halves(Batches):
        def __len__(self) -> int:
            return 8

        def epoch(self, epoch: int, skip: int) -> Iterator[Pairs]:
            for pairs in Batches().epoch(epoch, skip // 2):
                yield Pairs(pairs.x_NC[:4], pairs.y_N1[:4])
                yield Pairs(pairs.x_NC[4:], pairs.y_N1[4:])

    whole = job(tmp_path, task=Still())
    plan = whole.plan.model_copy(update={"accumulate": 2})
    halves = job(tmp_path, task=Still(), batches=Halves(), plan=plan, checkpoint=tmp_path / "other.ckpt")

    fit(whole, lambda _: None)
    fit(halves, lambda _: None)

    torch.testing.assert_close(whole.model.state_dict(), halves.model.state_dict())


def test_the_rate_follows_plan_and_bag(tmp_path: Path) -> None:
    plan = Plan(epochs=3, batch_size=8, lr=0.02, schedule=Step(name="step", at_epochs=(1, 2)))
    bag = Bag.model_validate({"linear_scaling": {"base_batch": 4}})
    steps: list[StepReport] = []

    fit(job(tmp_path, plan=plan, bag=bag), steps.append)

    assert [step.lr for step in steps[::4]] == pytest.approx([0.04, 0.004, 0.0004])


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(tmp_path: Path) -> None:
    plan = Plan(epochs=3, batch_size=8, lr=1e30, optimizer=Sgd(weight_decay=0))

    with pytest.raises(RunError, match=r"step \d+: expected a finite loss, found (inf|nan) at a rate of"):
        fit(job(tmp_path, plan=plan), lambda _: None)

    assert not (tmp_path / "last.ckpt").exists()


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    plan = Plan(epochs=1, batch_size=8, lr=1.0, clip_norm=0.001, optimizer=Sgd(momentum=0, weight_decay=0))
    clipped = job(tmp_path, plan=plan)

    fit(clipped, lambda _: None)

    assert sum(p.abs().sum().item() for p in clipped.model.parameters()) < 4 * 0.001 * 2


def test_clipping_by_value_bounds_each_element_by_itself(tmp_path: Path) -> None:
    plan = Plan(epochs=0.25, batch_size=8, lr=1.0, clip_value=0.01, optimizer=Sgd(momentum=0, weight_decay=0))
    clipped = job(tmp_path, plan=plan)

    fit(clipped, lambda _: None)

    weights = next(clipped.model.parameters())
    torch.testing.assert_close(weights.abs(), torch.full((1, 3), 0.01))


def test_a_part_of_an_epoch_ends_after_a_whole_step(tmp_path: Path) -> None:
    whole: list[StepReport] = []
    fit(
        job(tmp_path, plan=Plan(epochs=2, batch_size=8, lr=0.05), checkpoint=tmp_path / "whole"), whole.append
    )
    steps: list[StepReport] = []

    fit(job(tmp_path, plan=Plan(epochs=1.75, batch_size=8, lr=0.05)), steps.append)

    assert [step.step for step in steps] == list(range(7))
    assert losses(steps)[0] == losses(whole)[0]


def test_a_part_of_an_epoch_has_the_nearest_number_of_steps(tmp_path: Path) -> None:
    steps: list[StepReport] = []

    fit(job(tmp_path, plan=Plan(epochs=0.9, batch_size=8, lr=0.05)), steps.append)

    assert len(steps) == 4


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    fit(job(tmp_path), lambda _: None)

    with pytest.raises(RunError, match="found one of other settings, data or weights"):
        fit(job(tmp_path, identity="other"), lambda _: None)


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    fit(job(tmp_path), lambda _: None)
    path = tmp_path / "last.ckpt"
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(RunError, match="expected a checkpoint, found something that cannot be read"):
        fit(job(tmp_path), lambda _: None)


def test_an_empty_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").touch()

    with pytest.raises(RunError, match=r"found something that cannot be read \(EOFError\); give --overwrite"):
        fit(job(tmp_path), lambda _: None)


@pytest.mark.parametrize(
    "content", [{"step": 3}, {"position": {"step": 3}}, {"position": None}, [1, 2]], ids=str
)
def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "last.ckpt")

    with pytest.raises(RunError, match="expected a checkpoint of this version, found a file of another form"):
        fit(job(tmp_path), lambda _: None)


def test_a_checkpoint_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="the checkpoint of step 12 could not be written"):
        fit(job(tmp_path, checkpoint=tmp_path / "missing" / "last.ckpt"), lambda _: None)

    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))
    with pytest.raises(Interrupted):
        fit(job(tmp_path, should_stop=lambda: 15 if next(calls) == 4 else 0), lambda _: None)
    before = (tmp_path / "last.ckpt").read_bytes()

    def half(content: object, file: IO[bytes]) -> None:
        file.write(before[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(RunError, match=r"step 12 could not be written .*No space left on device"):
        fit(job(tmp_path), lambda _: None)

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("last.ckpt", before)]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler, which torch.compile calls")
@pytest.mark.filterwarnings("ignore")  # of torch's compiler, on itself
def test_a_compiled_network_gives_the_same_losses(tmp_path: Path) -> None:
    plain, compiled = list[StepReport](), list[StepReport]()
    changed = job(tmp_path).plan.model_copy(update={"compile": True})

    fit(job(tmp_path, checkpoint=tmp_path / "a"), plain.append)
    fit(job(tmp_path, plan=changed, checkpoint=tmp_path / "b"), compiled.append)

    assert losses(compiled) == pytest.approx(losses(plain), rel=1e-6)


def test_the_average_of_the_weights_takes_their_place_and_survives_a_stop(tmp_path: Path) -> None:
    bag = Bag.model_validate({"ema": {"decay": 0.5}})
    plain, whole = job(tmp_path, checkpoint=tmp_path / "a"), job(tmp_path, bag=bag, checkpoint=tmp_path / "b")
    calls = iter(range(100))
    fit(plain, lambda _: None)
    fit(whole, lambda _: None)

    with pytest.raises(Interrupted):
        fit(job(tmp_path, bag=bag, should_stop=lambda: 15 if next(calls) == 6 else 0), lambda _: None)
    resumed = job(tmp_path, bag=bag)
    fit(resumed, lambda _: None)

    assert plain.model.state_dict()["weight"].tolist() != whole.model.state_dict()["weight"].tolist()
    torch.testing.assert_close(resumed.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)
