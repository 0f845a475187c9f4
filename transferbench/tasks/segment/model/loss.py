"""Cross entropy at full resolution in pieces, so that logits of all pixels are never there at once.

Dimension key: N pictures, K classes, H x W pixels, h x w steps of a map, P pixels of a piece.
Convention: labels of 255 are ignored.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from transferbench.tasks.segment.model.fcn import pixels_of
from transferbench.tasks.segment.model.upsample import bands, shares
from transferbench.tasks.segment.settings import SegmentProtocol
from transferbench.tasks.segment.sources.masks import IGNORED

_CPU_PIECE, _PIECE = 2**19, 2**26
"""Logits of a piece: few enough for a processor's caches; enough to keep an accelerator busy."""


def training_loss(
    model: nn.Module, images_N3HW: Tensor, labels_NHW: Tensor, protocol: SegmentProtocol
) -> Tensor:
    """Returns the loss of both heads of a network in training mode.

    Args:
        model: as `Fcn` answers.
        images_N3HW: uint8.
        labels_NHW: uint8.
        protocol: weighs the heads.
    """
    head = protocol.head
    of = partial(pixel_loss, labels_NHW=labels_NHW, every=head.loss_every, is_aligned=head.aligns_corners)
    logits, auxiliary = model(pixels_of(model, images_N3HW, protocol))
    return of(logits) if auxiliary is None else of(logits) + head.auxiliary_weight * of(auxiliary)


def pixel_loss(logits_NKhw: Tensor, labels_NHW: Tensor, *, every: int = 1, is_aligned: bool = True) -> Tensor:
    """Returns the mean cross entropy over labelled pixels at full resolution; 0 where there is none.

    Args:
        logits_NKhw: at the stride of the head.
        labels_NHW: uint8.
        every: n to look at every n-th pixel of every n-th row alone.
        is_aligned: whether the corner steps lie on the corner pixels.
    """
    height, width = labels_NHW.shape[1:]
    labels_NHW = labels_NHW[:, ::every, ::every]
    with torch.autocast(logits_NKhw.device.type, enabled=False):
        logits_NKhw = at_least_float32(logits_NKhw)
        rows, columns = (
            shares(logits_NKhw, steps, pixels, is_aligned=is_aligned)[::every]
            for steps, pixels in ((logits_NKhw.shape[2], height), (logits_NKhw.shape[3], width))
        )
        total: Tensor = _SummedCrossEntropy.apply(logits_NKhw, labels_NHW, rows, columns)  # type: ignore[no-untyped-call]
        return total / (labels_NHW != IGNORED).sum().clamp(min=1)


def at_least_float32(logits: Tensor) -> Tensor:
    """Returns logits in which sums over many pixels keep their digits."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


class _SummedCrossEntropy(torch.autograd.Function):
    """The sum over labelled pixels; the gradient is made on the way, while the logits of a piece are there.

    Scaling up is linear, so the gradient of a step is the shares of its pixels times theirs.
    """

    @staticmethod
    def forward(ctx: Any, logits_NKhw: Tensor, labels_NHW: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        needs_gradient = ctx.needs_input_grad[0]
        totals, gradients = zip(
            *(
                _of_picture(logits_Khw, labels_HW, (rows, columns), needs_gradient)
                for logits_Khw, labels_HW in zip(logits_NKhw, labels_NHW, strict=True)
            ),
            strict=True,
        )
        ctx.save_for_backward(torch.stack(gradients) if needs_gradient else None)
        return torch.stack(totals).sum().to(logits_NKhw.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient_NKhw,) = ctx.saved_tensors
        return gradient_NKhw * upstream, None, None, None


def _of_picture(
    logits_Khw: Tensor, labels_HW: Tensor, scale: tuple[Tensor, Tensor], needs_gradient: bool
) -> tuple[Tensor, Tensor | None]:
    """Returns the sum over a picture and its gradient by the logits (K, h, w)."""
    rows_Hh, columns_Ww = scale
    classes, steps, _ = logits_Khw.shape
    across = (columns_Ww @ logits_Khw.permute(1, 2, 0)).reshape(steps, -1)
    gradient = torch.zeros_like(across) if needs_gradient else None
    total = torch.zeros((), dtype=_widest(logits_Khw.device), device=logits_Khw.device)
    piece = _CPU_PIECE if logits_Khw.device.type == "cpu" else _PIECE
    for top, bottom in bands(len(rows_Hh), max(1, piece // (len(columns_Ww) * classes))):
        reach = _reach(rows_Hh[top], rows_Hh[bottom - 1]) if logits_Khw.device.type == "cpu" else slice(None)
        band = rows_Hh[top:bottom, reach]
        logits_PK = (band @ across[reach]).view(-1, classes)
        total += _of_pixels(logits_PK, labels_HW[top:bottom].reshape(-1).long())
        if gradient is not None:
            gradient[reach].addmm_(band.T, logits_PK.view(bottom - top, -1))
    if gradient is None:
        return total, None
    return total, (columns_Ww.T @ gradient.view(steps, len(columns_Ww), classes)).permute(2, 0, 1)


def _of_pixels(logits_PK: Tensor, labels_P: Tensor) -> Tensor:
    """Returns the sum over some pixels and turns their logits into its gradient."""
    is_labelled_P1 = (labels_P != IGNORED)[:, None]
    labels_P1 = labels_P.where(is_labelled_P1[:, 0], 0)[:, None]
    # The largest goes out first, so that no exponential overflows.
    logits_PK.sub_(logits_PK.amax(1, keepdim=True))
    own_P1 = logits_PK.gather(1, labels_P1)
    logits_PK.exp_()
    sums_P1 = logits_PK.sum(1, keepdim=True)
    losses_P1 = (sums_P1.log() - own_P1) * is_labelled_P1
    logits_PK.mul_(is_labelled_P1 / sums_P1)
    logits_PK.scatter_add_(1, labels_P1, -is_labelled_P1.to(logits_PK.dtype))
    return losses_P1.sum(dtype=_widest(losses_P1.device))


def _reach(first: Tensor, last: Tensor) -> slice:
    """Returns the steps from the first that one row takes from to the last that another does."""
    return slice(int(first.nonzero()[0]), int(last.nonzero()[-1]) + 1)


def _widest(device: torch.device) -> torch.dtype:
    """Returns the type for sums over many pixels, as far as a device has it."""
    return torch.float32 if device.type == "mps" else torch.float64
