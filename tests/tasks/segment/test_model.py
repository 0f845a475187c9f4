from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy, interpolate

from tests.tasks.segment.tiny import TinyBackbone
from transferbench.tasks.segment.model import Fcn, likeliest, pixel_loss, upsampled
from transferbench.tasks.segment.protocols import Head


def _fcn(*, head: Head | None = None, seed: int = 0) -> Fcn:
    return Fcn(TinyBackbone(), 5, head=head or Head(), seed=seed)


def test_both_heads_answer_at_the_output_stride_in_training() -> None:
    model = _fcn().train()

    logits, auxiliary = model(torch.rand(2, 3, 64, 48))

    assert auxiliary is not None
    assert logits.shape == auxiliary.shape == (2, 5, 8, 6)


def test_the_auxiliary_head_rests_in_evaluation() -> None:
    _, auxiliary = _fcn().eval()(torch.rand(1, 3, 64, 64))

    assert auxiliary is None


def test_no_auxiliary_weight_means_no_auxiliary_head() -> None:
    model = _fcn(head=Head(auxiliary_weight=0.0))

    assert not [name for name, _ in model.named_parameters() if name.startswith("auxiliary")]


def test_the_channels_of_the_head_are_a_share_of_the_maps() -> None:
    state = _fcn(head=Head(channels_divisor=4)).state_dict()

    assert state["head.0.weight"].shape == (4, 16, 3, 3)
    assert state["auxiliary.0.weight"].shape == (3, 12, 3, 3)


def test_the_same_seed_gives_the_same_heads_whatever_was_drawn_before() -> None:
    first = _fcn(seed=7).state_dict()
    torch.rand(100)

    second = _fcn(seed=7).state_dict()

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["head.0.weight"], _fcn(seed=8).state_dict()["head.0.weight"])


def test_a_new_head_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    _fcn()

    assert torch.equal(torch.rand(1), expected)


def test_a_backbone_of_another_output_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="output stride 8 of the backbone is not 16"):
        _fcn(head=Head(output_stride=16))


def test_a_shifted_input_shifts_the_output_by_as_many_strides() -> None:
    model = _fcn().eval()
    image = torch.rand(1, 3, 160, 160)
    shifted = image.roll((16, 8), dims=(2, 3))

    logits, _ = model(image)
    moved, _ = model(shifted)

    torch.testing.assert_close(moved[..., 8:14, 8:14], logits[..., 6:12, 7:13], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(64, 48), (61, 50), (8, 6), (1, 1)])
def test_upsampling_is_bilinear_with_aligned_corners(size: tuple[int, int]) -> None:
    logits = torch.randn(2, 5, 8, 6, dtype=torch.float64)

    ours = upsampled(logits, size).permute(0, 3, 1, 2)

    theirs = interpolate(logits, size=size, mode="bilinear", align_corners=True)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("size", [(64, 48), (161, 50), (7, 6), (1, 9), (33, 1)])
@pytest.mark.parametrize("steps", [(8, 6), (1, 1), (21, 2)])
def test_the_likeliest_class_is_that_of_the_upsampled_logits(
    size: tuple[int, int], steps: tuple[int, int]
) -> None:
    logits = torch.randn(5, *steps, dtype=torch.float64)

    labels = likeliest(logits, size)

    assert torch.equal(labels.long(), upsampled(logits[None], size)[0].argmax(-1))


def test_the_loss_is_the_mean_cross_entropy_of_labelled_pixels() -> None:
    logits = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    labels = torch.randint(0, 5, (2, 32, 32), dtype=torch.uint8)
    labels[0, :20] = 255

    ours = pixel_loss(logits, labels)

    full = interpolate(logits, size=(32, 32), mode="bilinear", align_corners=True)
    torch.testing.assert_close(ours, cross_entropy(full, labels.long(), ignore_index=255))


@pytest.mark.parametrize("every", [2, 3, 8])
def test_a_loss_at_fewer_pixels_is_that_of_the_others_ignored(every: int) -> None:
    logits = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    labels = torch.randint(0, 5, (2, 30, 26), dtype=torch.uint8)
    thinned = torch.full_like(labels, 255)
    thinned[:, ::every, ::every] = labels[:, ::every, ::every]

    ours = pixel_loss(logits, labels, every=every)

    torch.testing.assert_close(ours, pixel_loss(logits, thinned))


def test_the_loss_has_the_gradient_of_torch_s_own_upsampling() -> None:
    logits = torch.randn(2, 5, 4, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 5, (2, 20, 20), dtype=torch.uint8)

    (ours,) = torch.autograd.grad(pixel_loss(logits, labels), logits)

    full = interpolate(logits, size=(20, 20), mode="bilinear", align_corners=True)
    (theirs,) = torch.autograd.grad(cross_entropy(full, labels.long()), logits)
    torch.testing.assert_close(ours, theirs)


def test_a_batch_without_labelled_pixels_has_a_loss_of_zero_and_a_gradient_of_zero() -> None:
    logits = torch.randn(1, 5, 4, 4, requires_grad=True)

    loss = pixel_loss(logits, torch.full((1, 8, 8), 255, dtype=torch.uint8))

    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == 0
    assert not gradient.any()
