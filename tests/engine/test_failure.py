from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.engine.linear import Batches, Pairs, job
from transferbench.engine.failure import memory_told, require_finite_loss, require_finite_weights
from transferbench.engine.loop import fit
from transferbench.engine.plan import Plan, Sgd
from transferbench.engine.report import Step
from transferbench.engine.world import World
from transferbench.errors import RunError

CPU = torch.device("cpu")
PLAN = Plan(epochs=1, batch_size=48, lr=0.1, accumulate=2)


def told(loss: float) -> Step:
    return Step(7, 10, 0.7, loss, 0.4, step_seconds=1, images_per_second=1, waiting_share=0)


def test_a_finite_loss_passes_and_asks_for_no_names(tmp_path: Path) -> None:
    def names() -> list[str]:
        raise AssertionError

    require_finite_loss(told(2.5), tmp_path / "last.ckpt", names, is_writer=True)


def test_the_pictures_of_a_step_that_failed_are_told_and_listed(tmp_path: Path) -> None:
    names = [f"n01440764/{i}.jpg" for i in range(5)]
    (tmp_path / "last.ckpt").touch()

    with pytest.raises(RunError) as caught:
        require_finite_loss(told(float("nan")), tmp_path / "last.ckpt", lambda: names, is_writer=True)

    assert str(caught.value) == (
        "step 7: expected a finite loss, found nan at a rate of 0.4; the step's pictures: n01440764/0.jpg, "
        f"n01440764/1.jpg, n01440764/2.jpg and 2 more, all in {tmp_path}/failed_batch.txt; the last finite "
        f"state is in {tmp_path}/last.ckpt; lower the rate (--set plan.lr=...) or lengthen the warmup"
    )
    assert (tmp_path / "failed_batch.txt").read_text().split() == names


def test_the_training_names_the_pictures_of_the_step_and_not_of_another(tmp_path: Path) -> None:
    class Broken(Batches):
        def epoch(self, epoch: int, skip: int) -> Iterator[Pairs]:
            for place, pairs in enumerate(super().epoch(epoch, skip), start=skip):
                if (epoch, place) == (1, 2):
                    pairs.y_N1.fill_(float("inf"))
                yield pairs

    with pytest.raises(
        RunError, match=r"step 6: .* found inf .* epoch 1 step 2 pair 0, epoch 1 step 2 pair 1"
    ):
        fit(job(tmp_path, batches=Broken()), lambda step: None)


def test_weights_that_are_no_numbers_are_not_kept(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    nn.init.constant_(model.weight, float("nan"))

    with pytest.raises(
        RunError, match=r"step 3: expected finite weights after the step, .* no earlier state"
    ):
        require_finite_weights(model, 3, tmp_path / "last.ckpt")


def test_a_last_step_that_breaks_the_weights_leaves_no_checkpoint(tmp_path: Path) -> None:
    plan = Plan(epochs=1, batch_size=8, lr=3e38, optimizer=Sgd(weight_decay=0, momentum=0))
    one = type("One", (Batches,), {"__len__": lambda self: 1})()

    with pytest.raises(RunError, match="expected finite weights"):
        fit(job(tmp_path, plan=plan, batches=one), lambda step: None)

    assert not (tmp_path / "last.ckpt").exists()


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 2 GiB",
        "[enforce fail] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_memory_that_is_short_becomes_advice_on_the_batch(words: str) -> None:
    with (
        pytest.raises(
            RunError, match=r"cpu: expected memory for 24 pictures at once, .* plan.accumulate=3, .* 16"
        ),
        memory_told(PLAN, World(), CPU),
    ):
        raise RuntimeError(words)


def test_the_advice_knows_of_other_processes_and_of_the_smallest_batch() -> None:
    smallest = PLAN.model_copy(update={"accumulate": 24})

    with (
        pytest.raises(RunError, match=r"for 6 pictures .*accumulate=6, .* 4 pictures"),
        memory_told(PLAN.model_copy(update={"accumulate": 4}), World(0, 2), CPU),
    ):
        raise RuntimeError("out of memory")
    with (
        pytest.raises(RunError, match="there is no smaller batch"),
        memory_told(smallest, World(0, 2), CPU),
    ):
        raise RuntimeError("out of memory")


def test_other_errors_of_the_runtime_keep_their_traceback() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_told(PLAN, World(), CPU):
        raise RuntimeError("shapes do not fit")
