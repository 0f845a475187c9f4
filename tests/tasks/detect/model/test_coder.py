"""Shifts, clipping and overlaps against torchvision's."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_iou, clip_boxes_to_image

from transferbench.tasks.detect.model.coder import clip, decode, encode, overlap

CODER = BoxCoder((10.0, 10.0, 5.0, 5.0))


def boxes(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner_R2 = torch.rand(count, 2, dtype=torch.float64, generator=generator) * 100
    return torch.cat(
        [corner_R2, corner_R2 + 1 + 80 * torch.rand(count, 2, dtype=torch.float64, generator=generator)], 1
    )


def test_shifts_are_torchvision_s() -> None:
    ours = encode(boxes(30, 0), boxes(30, 1), (10.0, 5.0))

    torch.testing.assert_close(ours, CODER.encode_single(boxes(30, 0), boxes(30, 1)), rtol=0, atol=1e-12)


def test_boxes_from_shifts_are_torchvision_s_also_where_they_grow_without_bounds() -> None:
    shifts_R4 = torch.randn(30, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 20

    ours = decode(shifts_R4, boxes(30, 1), (10.0, 5.0))

    theirs = CODER.decode_single(shifts_R4, boxes(30, 1))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-9)


def test_what_is_encoded_is_decoded() -> None:
    again = decode(encode(boxes(9, 3), boxes(9, 4), (1.0, 1.0)), boxes(9, 4), (1.0, 1.0))

    torch.testing.assert_close(again, boxes(9, 3))


def test_boxes_are_clipped_to_their_own_picture() -> None:
    boxes_N94 = torch.stack([boxes(9, 5), boxes(9, 5)]) - 20

    ours = clip(boxes_N94, torch.tensor([[40, 60], [90, 50]])[:, None])

    theirs = [clip_boxes_to_image(boxes_N94[0], (40, 60)), clip_boxes_to_image(boxes_N94[1], (90, 50))]
    assert torch.equal(ours, torch.stack(theirs))


def test_overlaps_are_torchvision_s() -> None:
    ours = overlap(boxes(7, 6), boxes(11, 7))

    torch.testing.assert_close(ours, box_iou(boxes(7, 6), boxes(11, 7)), rtol=0, atol=1e-12)
