"""Label smoothing and mixup."""

from random import Random

import pytest
import torch
from torch.nn import functional as F

from transferbench.errors import ConfigError
from transferbench.tricks.base import Form
from transferbench.tricks.label_smoothing import LabelSmoothing, smooth
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
    _, mixed_NK = Mixup(form="released").mix(torch.zeros(3, 3, 2, 2), torch.eye(3), Random(1))

    share = Random(1).betavariate(0.2, 0.2)
    expected = [[share, 0, 1 - share], [0, 1, 0], [1 - share, 0, share]]
    torch.testing.assert_close(mixed_NK, torch.tensor(expected))


def test_the_released_form_on_smoothed_targets_is_timms_mixup() -> None:
    timm = pytest.importorskip("timm.data.mixup")
    labels_N, share = torch.tensor([2, 0, 1, 1]), Random(1).betavariate(0.2, 0.2)

    smoothed_NK = smooth(F.one_hot(labels_N, 3).float(), 0.1)
    _, mixed_NK = Mixup(form="released").mix(torch.zeros(4, 3, 2, 2), smoothed_NK, Random(1))

    torch.testing.assert_close(mixed_NK, timm.mixup_target(labels_N, 3, share, smoothing=0.1))


@pytest.mark.parametrize("form", ["paper", "released"])
def test_a_single_image_passes_mixup_as_it_is(form: Form) -> None:
    image_NCHW, target_NK = torch.rand(1, 3, 2, 2), torch.eye(3)[:1]

    mixed_NCHW, mixed_NK = Mixup(form=form).mix(image_NCHW, target_NK, Random(0))

    torch.testing.assert_close(mixed_NCHW, image_NCHW)
    torch.testing.assert_close(mixed_NK, target_NK)


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
