from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from transferbench.tasks.segment.model.upsample import likeliest, likeliest_of_all, upsampled


@pytest.mark.parametrize("size", [(64, 48), (61, 50), (8, 6), (1, 1)])
@pytest.mark.parametrize("is_aligned", [True, False])
def test_upsampling_is_torch_s_bilinear(size: tuple[int, int], is_aligned: bool) -> None:
    logits = torch.randn(2, 5, 8, 6, dtype=torch.float64)

    ours = upsampled(logits, size, is_aligned=is_aligned).permute(0, 3, 1, 2)

    theirs = interpolate(logits, size=size, mode="bilinear", align_corners=is_aligned)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("size", [(64, 48), (161, 50), (7, 6), (1, 9), (33, 1)])
@pytest.mark.parametrize("steps", [(8, 6), (1, 1), (21, 2), (170, 60)])
@pytest.mark.parametrize("is_aligned", [True, False])
def test_the_likeliest_class_is_that_of_the_upsampled_logits(
    size: tuple[int, int], steps: tuple[int, int], is_aligned: bool
) -> None:
    logits = torch.randn(5, *steps, dtype=torch.float64)

    labels = likeliest(logits, size, is_aligned=is_aligned)

    expected = upsampled(logits[None], size, is_aligned=is_aligned)[0].argmax(-1)
    assert torch.equal(labels.long(), expected)


@pytest.mark.parametrize("size", [(64, 48), (33, 50), (1, 9)])
@pytest.mark.parametrize("is_aligned", [True, False])
def test_several_maps_are_added_up_at_the_size_of_the_picture(
    size: tuple[int, int], is_aligned: bool
) -> None:
    maps = [torch.randn(h, w, 5, dtype=torch.float64) for h, w in ((9, 7), (70, 51), (1, 3))]

    labels = likeliest_of_all(maps, size, is_aligned=is_aligned)

    each = [upsampled(m.permute(2, 0, 1)[None], size, is_aligned=is_aligned)[0] for m in maps]
    assert torch.equal(labels.long(), torch.stack(each).sum(0).argmax(-1))
