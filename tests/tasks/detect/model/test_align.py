"""RoIAlign against torchvision's operator."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.ops import MultiScaleRoIAlign, roi_align
from torchvision.ops.poolers import initLevelMapper

from transferbench.tasks.detect.model import align
from transferbench.tasks.detect.model.align import RoiAlign

BOXES_R4 = torch.tensor(
    [
        [3.0, 5.0, 60.0, 41.0],
        [0.0, 0.0, 96.0, 64.0],
        [10.2, 10.7, 10.9, 11.1],  # smaller than a map pixel
        [-40.0, -9.0, 30.0, 20.0],  # out of the map
        [80.0, 50.0, 190.0, 140.0],
        [300.0, 300.0, 310.0, 310.0],  # nowhere near it
        [95.9, 63.9, 96.0, 64.0],
    ],
    dtype=torch.float64,
)
PICTURE_R = torch.tensor([1, 0, 1, 0, 2, 1, 0])


def maps(*sizes: tuple[int, int]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(3, 4, *size, dtype=torch.float64, generator=generator).requires_grad_() for size in sizes
    ]


@pytest.mark.parametrize("is_aligned", [False, True])
@pytest.mark.parametrize("samples", [0, 1, 2, 3])
@pytest.mark.parametrize("largest", [10**6, 0], ids=["products", "bags"])
def test_values_and_gradients_are_torchvision_s(
    is_aligned: bool, samples: int, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "_LARGEST", largest)
    pool = RoiAlign([8], 5, samples=samples, is_aligned=is_aligned, canonical_size=224)
    (ours_NCHW,), (theirs_NCHW,) = maps((8, 12)), maps((8, 12))

    ours = pool([ours_NCHW], BOXES_R4, PICTURE_R)

    rois_R5 = torch.cat([PICTURE_R[:, None], BOXES_R4], 1)
    theirs = roi_align(theirs_NCHW, rois_R5, 5, 1 / 8, samples, is_aligned)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    seen = torch.randn(theirs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    gradients = [
        torch.autograd.grad((out * seen).sum(), m) for out, m in ((ours, ours_NCHW), (theirs, theirs_NCHW))
    ]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-10)


@pytest.mark.parametrize("canonical", [32.0, 80.0, 224.0])
def test_boxes_are_cut_from_the_maps_that_torchvision_takes(canonical: float) -> None:
    generator = torch.Generator().manual_seed(2)
    corner_R2 = torch.rand(40, 2, dtype=torch.float64, generator=generator) * 60
    side_R2 = torch.rand(40, 2, dtype=torch.float64, generator=generator) * 120 + 1
    boxes = [
        torch.cat([corner_R2, corner_R2 + side_R2], 1)[part]
        for part in (slice(0, 25), slice(25, 25), slice(25, 40))
    ]
    three = maps((16, 24), (8, 12), (4, 6))
    pool = RoiAlign([8, 16, 32], 3, samples=2, is_aligned=False, canonical_size=canonical)

    ours = pool(three, torch.cat(boxes), torch.repeat_interleave(torch.arange(3), torch.tensor([25, 0, 15])))

    theirs = MultiScaleRoIAlign(["0", "1", "2"], 3, 2)
    theirs.scales = [1 / 8, 1 / 16, 1 / 32]
    theirs.map_levels = initLevelMapper(3, 5, canonical_scale=canonical)
    named = {str(number): each for number, each in enumerate(three)}
    torch.testing.assert_close(ours, theirs(named, boxes, [(128, 192)] * 3), rtol=0, atol=1e-10)


def test_no_boxes_hold_nothing() -> None:
    pool = RoiAlign([8, 16], 3, samples=2, is_aligned=False, canonical_size=224)

    assert pool(maps((8, 12), (4, 6)), BOXES_R4[:0], PICTURE_R[:0]).shape == (0, 4, 3, 3)


def test_what_is_not_trained_is_cut_out_by_the_operator() -> None:
    pool = RoiAlign([8], 5, samples=2, is_aligned=False, canonical_size=224)

    with torch.no_grad():
        ours = pool(maps((8, 12)), BOXES_R4, PICTURE_R)

    torch.testing.assert_close(ours, pool(maps((8, 12)), BOXES_R4, PICTURE_R), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("form", "side"), [("by_products", 20), ("by_bags", 40)])
def test_of_what_is_trained_small_maps_take_products_and_large_ones_bags(
    form: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, form, lambda *_: torch.full((7, 4, 4, 4), 9.0))
    pool = RoiAlign([8], 4, samples=2, is_aligned=False, canonical_size=224)

    pooled_RCBB = pool(maps((side, side)), BOXES_R4, PICTURE_R)

    assert (pooled_RCBB == 9).all()


@pytest.mark.parametrize("largest", [10**6, 0], ids=["products", "bags"])
def test_boxes_are_cut_out_in_full_precision_under_autocast(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "_LARGEST", largest)
    pool = RoiAlign([8], 4, samples=2, is_aligned=False, canonical_size=224)
    map_NCHW = maps((8, 12))[0].detach().float().requires_grad_()

    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled_RCBB = pool([map_NCHW], BOXES_R4.float(), PICTURE_R)

    torch.testing.assert_close(pooled_RCBB, pool([map_NCHW], BOXES_R4.float(), PICTURE_R), rtol=0, atol=0)
