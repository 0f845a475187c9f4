import torch
from torch import nn

from transferbench.benchmarks.plain_step import repeated, sgd_step, timed

CPU = torch.device("cpu")


def test_a_step_goes_down_the_gradient_of_what_is_trained() -> None:
    model = nn.Linear(1, 1)
    model.bias.requires_grad_(False)
    before = model.weight.detach().clone(), model.bias.detach().clone()

    sgd_step(model, lambda: model(torch.ones(1, 1)).sum())()

    assert model.weight < before[0] and model.bias.equal(before[1])
    assert model.weight.grad is None


def test_steps_are_repeated() -> None:
    done: list[int] = []

    repeated(lambda: done.append(1), 3)()

    assert done == [1] * 3


def test_on_a_processor_one_thread_is_timed() -> None:
    threads: list[int] = []

    seconds = timed({"ours": lambda: threads.append(torch.get_num_threads())}, 2, CPU)

    assert threads == [1] * 3
    assert len(seconds["ours"]) == 2
