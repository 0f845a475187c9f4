"""Distillation."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn import functional as F

from transferbench.errors import ConfigError
from transferbench.tricks.distillation import Distillation, soft_cross_entropy


@pytest.mark.parametrize("temperature", [1.0, 20.0])
def test_the_soft_loss_matches_torchs_cross_entropy(temperature: float) -> None:
    logits_NK, teacher_NK = _normal(4, 10), _normal(4, 10, seed=1)

    ours = soft_cross_entropy(logits_NK, teacher_NK, temperature)

    targets_NK = F.softmax(teacher_NK / temperature, dim=1)
    expected = temperature**2 * F.cross_entropy(logits_NK / temperature, targets_NK)
    torch.testing.assert_close(ours, expected)


def test_the_gradient_vanishes_where_student_and_teacher_agree() -> None:
    logits_NK = _normal(4, 10).requires_grad_()

    torch.autograd.backward(soft_cross_entropy(logits_NK, logits_NK.detach() + 3, 20.0))

    assert logits_NK.grad is not None
    torch.testing.assert_close(logits_NK.grad, torch.zeros_like(logits_NK), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("settings", "soft_share", "hard_share"),
    [
        ({}, 1.0, 1.0),
        ({"weight": 2.0}, 2.0, 1.0),
        ({"form": "released"}, 0.5, 0.5),
        ({"form": "released", "hard_weight": 0.2}, 0.8, 0.2),
        ({"form": "released", "hard_weight": 0.0}, 1.0, 0.0),
    ],
)
def test_each_form_weighs_both_losses_as_its_source(
    settings: dict[str, Any], soft_share: float, hard_share: float
) -> None:
    images_NCHW, logits_NK = _normal(4, 3, 2, 2), _normal(4, 5)
    targets_NK = F.softmax(_classifier()(images_NCHW) / 20, dim=1)

    loss = _loss(_distillation(**settings), images_NCHW, logits_NK, hard=7.0)

    soft = 400 * F.cross_entropy(logits_NK / 20, targets_NK)
    torch.testing.assert_close(loss, soft_share * soft + hard_share * 7)


def test_the_released_loss_is_the_papers_at_half_the_rate_and_twice_the_decay() -> None:
    weights: list[Tensor] = []
    for settings, lr, decay in (({"form": "released"}, 0.2, 1e-2), ({}, 0.1, 2e-2)):
        trick, linear, images_NCHW = _distillation(**settings), _linear(), _normal(4, 3, 2, 2, seed=3)
        sgd = torch.optim.SGD(linear.parameters(), lr=lr, weight_decay=decay, momentum=0.9, nesterov=True)
        for _ in range(3):
            logits_NK = linear(images_NCHW.flatten(1)) * 0.1
            hard = F.cross_entropy(logits_NK, torch.tensor([0, 1, 2, 3]))
            sgd.zero_grad()
            torch.autograd.backward(_loss(trick, images_NCHW, logits_NK, hard))
            sgd.step()
        weights.append(linear.weight.detach())

    assert not torch.allclose(weights[0], _linear().weight)
    torch.testing.assert_close(*weights)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"form": "released", "weight": 1.0}, "'weight' would have no effect in the form 'released'"),
        ({"hard_weight": 0.5}, "'hard_weight' would have no effect in the form 'paper'"),
        ({"form": "paper", "hard_weight": 0.5}, "'hard_weight' would have no effect in the form 'paper'"),
    ],
)
def test_the_weight_of_the_other_form_is_an_error(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Distillation(teacher="any", **settings)


def test_the_teacher_is_frozen_in_eval_mode_and_takes_the_images_type() -> None:
    trick, teacher = Distillation(teacher="any"), _classifier().float().train()
    trick.prepare(nn.Identity(), lambda name: teacher)

    loss = _loss(trick, _normal(4, 3, 2, 2), _normal(4, 5).requires_grad_())
    torch.autograd.backward(loss)

    assert loss.dtype == torch.float64
    assert not any(module.training for module in teacher.modules())
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_teacher_moves_once_and_again_only_with_the_images() -> None:
    moves: list[torch.dtype] = []

    class Moved(nn.Sequential):
        def to(self, *args: Any, **kwargs: Any) -> Any:
            moves.append(args[0].dtype)
            return super().to(*args, **kwargs)

    trick = Distillation(teacher="any")
    trick.prepare(nn.Identity(), lambda name: Moved(_classifier()))

    for images_NCHW in (_normal(2, 3, 2, 2), _normal(2, 3, 2, 2), _normal(2, 3, 2, 2).float()):
        _loss(trick, images_NCHW, _normal(2, 5))

    assert moves == [torch.float64, torch.float32]


def test_the_teacher_is_loaded_by_its_name() -> None:
    shelf = {"runs/x": _classifier()}

    Distillation(teacher="runs/x").prepare(nn.Identity(), shelf.__getitem__)

    with pytest.raises(KeyError, match="runs/y"):
        Distillation(teacher="runs/y").prepare(nn.Identity(), shelf.__getitem__)


FAULT = (
    "tricks.distillation.teacher: 'any' knows 5 classes, the data have 7; "
    "take a teacher trained on the same classes"
)


def test_a_teacher_of_other_classes_is_told_before_the_first_step() -> None:
    deep = nn.Sequential(nn.Linear(12, 7), _classifier())

    with pytest.raises(ConfigError) as caught:
        Distillation(teacher="any").prepare(nn.Linear(12, 7), lambda name: deep)

    assert str(caught.value) == FAULT


def test_a_teacher_whose_classes_show_only_in_its_output_is_told_at_the_first() -> None:
    trick = Distillation(teacher="any")
    trick.prepare(nn.Linear(12, 7), lambda name: nn.Sequential(nn.Conv2d(3, 5, 2), nn.Flatten()))

    with pytest.raises(ConfigError) as caught:
        _loss(trick, _normal(2, 3, 2, 2), _normal(2, 7))

    assert str(caught.value) == FAULT


def _normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _classifier() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), _linear()).eval()


def _linear() -> nn.Linear:
    linear = nn.Linear(12, 5).double()
    with torch.no_grad():
        linear.weight.copy_(_normal(5, 12, seed=2))
        linear.bias.zero_()
    return linear


def _distillation(**settings: Any) -> Distillation:
    trick = Distillation(teacher="any", **settings)
    trick.prepare(nn.Identity(), lambda name: _classifier())
    return trick


def _loss(trick: Distillation, images_NCHW: Tensor, logits_NK: Tensor, hard: Tensor | float = 0.0) -> Tensor:
    loss = torch.as_tensor(hard, dtype=logits_NK.dtype)
    return trick.reshape_loss(
        loss, images_NCHW=images_NCHW, logits_NK=logits_NK, targets_NK=torch.zeros_like(logits_NK)
    )
