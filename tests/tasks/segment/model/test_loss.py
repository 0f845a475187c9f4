from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy, interpolate
from torch.utils._python_dispatch import TorchDispatchMode

from transferbench.tasks.segment.model import loss as module
from transferbench.tasks.segment.model.loss import pixel_loss


def test_the_loss_is_the_mean_cross_entropy_of_labelled_pixels() -> None:
    logits = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    labels = torch.randint(0, 5, (2, 32, 32), dtype=torch.uint8)
    labels[0, :20] = 255

    ours = pixel_loss(logits, labels)

    full = interpolate(logits, size=(32, 32), mode="bilinear", align_corners=True)
    torch.testing.assert_close(ours, cross_entropy(full, labels.long(), ignore_index=255))


class _Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers the largest tensor that any operation made."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor):
            self.elements = max(self.elements, made.numel())
        return made


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


@pytest.mark.parametrize("is_aligned", [True, False])
@pytest.mark.parametrize("piece", [1, 200, 2**26])
def test_pieces_of_any_size_give_torch_s_loss_and_gradient(
    piece: int, is_aligned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CPU_PIECE", piece)
    logits = torch.randn(2, 5, 4, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 5, (2, 21, 17), dtype=torch.uint8)
    labels[1, 5:] = 255

    ours = pixel_loss(logits, labels, is_aligned=is_aligned)

    full = interpolate(logits, size=(21, 17), mode="bilinear", align_corners=is_aligned)
    theirs = cross_entropy(full, labels.long(), ignore_index=255)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(3 * each, logits)[0] for each in (ours, theirs)))


def test_an_ignored_pixel_moves_nothing() -> None:
    logits = torch.zeros(1, 2, 1, 2, requires_grad=True)
    labels = torch.tensor([[[0, 255]]], dtype=torch.uint8)

    (gradient,) = torch.autograd.grad(pixel_loss(logits, labels), logits)

    assert gradient.tolist() == [[[[-0.5, 0.0]], [[0.5, 0.0]]]]


def test_logits_beyond_the_range_of_exponentials_have_a_loss() -> None:
    logits = torch.tensor([1e4, 0.0, -1e4]).reshape(1, 3, 1, 1)

    loss = pixel_loss(logits, torch.ones(1, 1, 1, dtype=torch.uint8))

    assert loss.item() == 1e4


def test_half_precision_logits_are_summed_in_single_precision() -> None:
    logits = torch.randn(1, 5, 8, 8).bfloat16().requires_grad_()
    labels = torch.randint(0, 5, (1, 64, 64), dtype=torch.uint8)

    loss = pixel_loss(logits, labels)

    torch.testing.assert_close(loss, pixel_loss(logits.detach().float(), labels))
    assert torch.autograd.grad(loss, logits)[0].dtype == torch.bfloat16


def test_the_logits_of_all_pixels_are_never_there_at_once() -> None:
    logits = torch.randn(4, 150, 30, 30, requires_grad=True)
    labels = torch.randint(0, 150, (4, 240, 240), dtype=torch.uint8)

    with _Largest() as seen:  # type: ignore[no-untyped-call]
        pixel_loss(logits, labels).backward()  # type: ignore[no-untyped-call]

    assert logits.numel() <= seen.elements < 4 * 150 * 240 * 240 / 8
