"""CutMix."""

from random import Random
from types import SimpleNamespace

import pytest
import torch
from torchvision.transforms import v2

from transferbench.tricks.cutmix import CutMix, cut_box


@pytest.mark.parametrize("size_HW", [(224, 224), (33, 50), (7, 4)])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.31, 0.5, 0.77, 0.999, 1.0])
def test_the_box_and_its_share_are_torchvisions(share: float, size_HW: tuple[int, int]) -> None:
    theirs = v2.CutMix(num_classes=2)
    theirs._dist = SimpleNamespace(sample=lambda shape: torch.tensor(share, dtype=torch.float64))
    for seed in range(20):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            params = theirs.make_params([torch.zeros(2, 3, *size_HW)])
            torch.manual_seed(seed)
            centre = int(torch.randint(size_HW[1], (1,))), int(torch.randint(size_HW[0], (1,)))

        left, top, right, bottom = cut_box(share, centre, size_HW)

        assert (left, top, right, bottom) == params["box"]


def test_targets_follow_the_pixels_one_by_one() -> None:
    colours_N = torch.arange(4.0)
    images_NCHW = colours_N[:, None, None, None].expand(4, 3, 9, 16)

    for seed in range(50):
        mixed_NCHW, mixed_NK = CutMix().mix(images_NCHW, torch.eye(4), Random(seed))

        # The share of the pixels of each image that has the colour of each other image.
        counted_NK = (mixed_NCHW[:, 0, :, :, None] == colours_N).float().mean((1, 2))
        torch.testing.assert_close(mixed_NK, counted_NK)


def test_the_pasted_pixels_are_one_box_of_the_partner_at_its_own_place() -> None:
    images_NCHW = torch.rand(4, 3, 12, 12)
    rng, replay = Random(5), Random(5)

    mixed_NCHW, _ = CutMix().mix(images_NCHW, torch.eye(4), rng)

    share, centre = replay.betavariate(1, 1), (replay.randrange(12), replay.randrange(12))
    left, top, right, bottom = cut_box(share, centre, (12, 12))
    partner = replay.sample(range(4), 4)
    expected_NCHW = images_NCHW.clone()
    for i in range(4):
        expected_NCHW[i, :, top:bottom, left:right] = images_NCHW[partner[i], :, top:bottom, left:right]
    assert torch.equal(mixed_NCHW, expected_NCHW)
    assert not torch.equal(mixed_NCHW, images_NCHW)


def test_half_of_the_area_is_kept_on_average() -> None:
    rng = Random(0)
    boxes = [cut_box(rng.betavariate(1, 1), (50, 50), (100, 100)) for _ in range(4000)]

    pasted = [(right - left) * (bottom - top) / 100**2 for left, top, right, bottom in boxes]

    assert sum(pasted) / len(pasted) == pytest.approx(0.5, abs=0.02)


def test_a_single_image_passes_as_it_is() -> None:
    image_NCHW, target_NK = torch.rand(1, 3, 8, 8), torch.eye(3)[:1]

    mixed_NCHW, mixed_NK = CutMix().mix(image_NCHW, target_NK, Random(0))

    assert torch.equal(mixed_NCHW, image_NCHW)
    torch.testing.assert_close(mixed_NK, target_NK)
