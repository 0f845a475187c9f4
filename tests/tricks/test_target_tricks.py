"""Label smoothing, mixup and distillation."""

from random import Random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from transferbench.errors import ConfigError
from transferbench.tricks.distillation import Distillation, soft_cross_entropy
from transferbench.tricks.label_smoothing import Form, LabelSmoothing, smooth
from transferbench.tricks.mixup import Mixup


def test_smoothing_matches_the_loss_built_into_torch() -> None:
    logits_NK = _normal(4, 10)
    labels_N = torch.tensor([0, 3, 9, 9])

    ours = F.cross_entropy(logits_NK, smooth(F.one_hot(labels_N, 10).double(), epsilon=0.1))

    torch.testing.assert_close(ours, F.cross_entropy(logits_NK, labels_N, label_smoothing=0.1))


@pytest.mark.parametrize(
    ("form", "expected"), [("paper", [0.9, 0.025, 0.025, 0.025, 0.025]), ("released", [0.92] + 4 * [0.02])]
)
def test_smoothing_five_classes_by_hand(form: Form, expected: list[float]) -> None:
    smoothed_NK = LabelSmoothing(form=form).soften(torch.eye(5)[:1])

    torch.testing.assert_close(smoothed_NK, torch.tensor([expected]))


def test_the_released_form_gives_the_published_shares_of_a_thousand_classes() -> None:
    smoothed_NK = LabelSmoothing().soften(torch.eye(1000, dtype=torch.float64)[:1])

    assert smoothed_NK[0, :2].tolist() == pytest.approx([0.9001, 0.0001])


@pytest.mark.parametrize("form", ["paper", "released"])
def test_smoothing_and_blending_commute(form: Form) -> None:
    first_NK, second_NK = torch.eye(3)[:1], torch.eye(3)[1:2]

    blended_NK = smooth(first_NK.lerp(second_NK, 0.3), 0.1, form=form)

    torch.testing.assert_close(
        blended_NK, smooth(first_NK, 0.1, form=form).lerp(smooth(second_NK, 0.1, form=form), 0.3)
    )


@pytest.mark.parametrize("form", ["paper", "released"])
def test_smoothing_a_single_class_is_an_error(form: Form) -> None:
    with pytest.raises(ConfigError) as caught:
        smooth(torch.ones(2, 1), 0.1, form=form)

    assert str(caught.value) == (
        "tricks.label_smoothing: expected at least 2 classes, found 1; "
        "switch it off or take data with more classes"
    )


def test_mixup_blends_images_and_targets_in_the_same_share_for_the_batch() -> None:
    images_NCHW = torch.arange(4.0)[:, None, None, None].expand(4, 3, 2, 2)
    rng, replay = Random(3), Random(3)

    mixed_NCHW, mixed_NK = Mixup().mix(images_NCHW, torch.eye(4), rng)

    share, partner = replay.betavariate(0.2, 0.2), replay.sample(range(4), 4)
    expected_NK = torch.stack(
        [share * torch.eye(4)[i] + (1 - share) * torch.eye(4)[partner[i]] for i in range(4)]
    )
    torch.testing.assert_close(mixed_NK, expected_NK)
    torch.testing.assert_close(mixed_NCHW[:, 0, 0, 0], expected_NK @ torch.arange(4.0))


def test_the_released_partner_is_the_batch_from_its_end() -> None:
    _, mixed_NK = Mixup(partner="reversed").mix(torch.zeros(3, 3, 2, 2), torch.eye(3), Random(1))

    share = Random(1).betavariate(0.2, 0.2)
    expected = [[share, 0, 1 - share], [0, 1, 0], [1 - share, 0, share]]
    torch.testing.assert_close(mixed_NK, torch.tensor(expected))


@pytest.mark.parametrize("trick", [Mixup(), Mixup(partner="reversed")])
def test_a_single_image_passes_mixup_as_it_is(trick: Mixup) -> None:
    image_NCHW, target_NK = torch.rand(1, 3, 2, 2), torch.eye(3)[:1]

    mixed_NCHW, mixed_NK = trick.mix(image_NCHW, target_NK, Random(0))

    torch.testing.assert_close(mixed_NCHW, image_NCHW)
    torch.testing.assert_close(mixed_NK, target_NK)


def test_mixup_leaves_its_input_and_the_global_generator_alone() -> None:
    images_NCHW, targets_NK = torch.rand(4, 3, 2, 2), torch.eye(4)
    before, state = images_NCHW.clone(), torch.get_rng_state()

    Mixup().mix(images_NCHW, targets_NK, Random(0))

    assert torch.equal(images_NCHW, before)
    assert torch.equal(targets_NK, torch.eye(4))
    assert torch.equal(torch.get_rng_state(), state)


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


def test_the_released_loss_is_the_papers_at_half_the_rate_and_twice_the_decay() -> None:
    steps: dict[float, torch.Tensor] = {}
    for share, lr, decay in ((0.5, 0.2, 1e-2), (1.0, 0.1, 2e-2)):
        trick, linear, images_NCHW = _distillation(), _linear(), _normal(4, 3, 2, 2, seed=3)
        sgd = torch.optim.SGD(linear.parameters(), lr=lr, weight_decay=decay, momentum=0.9, nesterov=True)
        for _ in range(3):
            logits_NK = linear(images_NCHW.flatten(1)) * 0.1
            soft = _term(trick, images_NCHW, logits_NK)
            sgd.zero_grad()
            torch.autograd.backward(share * (F.cross_entropy(logits_NK, torch.tensor([0, 1, 2, 3])) + soft))
            sgd.step()
        steps[share] = linear.weight.detach()

    assert not torch.allclose(steps[1.0], _linear().weight)
    torch.testing.assert_close(steps[0.5], steps[1.0])


def test_the_weight_scales_the_term() -> None:
    images_NCHW, logits_NK = _normal(4, 3, 2, 2), _normal(4, 5)

    double, single = (_term(_distillation(weight), images_NCHW, logits_NK) for weight in (2.0, 1.0))

    torch.testing.assert_close(double, 2 * single)


def test_the_teacher_is_frozen_in_eval_mode_and_takes_the_images_type() -> None:
    trick, teacher = Distillation(teacher="any"), _classifier().float().train()
    trick.prepare(nn.Identity(), lambda name: teacher)

    loss = _term(trick, _normal(4, 3, 2, 2), _normal(4, 5).requires_grad_())
    torch.autograd.backward(loss)

    assert loss.dtype == torch.float64
    assert not any(module.training for module in teacher.modules())
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_teacher_is_loaded_by_its_name() -> None:
    shelf = {"runs/x": _classifier()}

    Distillation(teacher="runs/x").prepare(nn.Identity(), shelf.__getitem__)

    with pytest.raises(KeyError, match="runs/y"):
        Distillation(teacher="runs/y").prepare(nn.Identity(), shelf.__getitem__)


def test_a_teacher_of_other_classes_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        _term(_distillation(), _normal(2, 3, 2, 2), _normal(2, 7))

    assert str(caught.value) == (
        "tricks.distillation.teacher: 'any' knows 5 classes, the data have 7; "
        "take a teacher trained on the same classes"
    )


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _classifier() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), _linear()).eval()


def _linear() -> nn.Linear:
    linear = nn.Linear(12, 5).double()
    with torch.no_grad():
        linear.weight.copy_(_normal(5, 12, seed=2))
        linear.bias.zero_()
    return linear


def _distillation(weight: float = 1.0) -> Distillation:
    trick = Distillation(teacher="any", weight=weight)
    trick.prepare(nn.Identity(), lambda name: _classifier())
    return trick


def _term(trick: Distillation, images_NCHW: torch.Tensor, logits_NK: torch.Tensor) -> torch.Tensor:
    """Returns what the trick adds to a loss of zero."""
    targets_NK = torch.zeros_like(logits_NK)
    zero = logits_NK.new_zeros(())
    return trick.reshape_loss(zero, images_NCHW=images_NCHW, logits_NK=logits_NK, targets_NK=targets_NK)
