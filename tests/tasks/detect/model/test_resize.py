"""Pictures of any size to one batch, with torchvision's transform as the reference."""

from __future__ import annotations

import pytest
import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from tests.tasks.detect.tiny import TinyBackbone
from transferbench.tasks.detect.model.resize import prepare, resized_size, scale_boxes

GENERATOR = torch.Generator().manual_seed(0)


def picture(height: int, width: int) -> torch.Tensor:
    """Returns noise (H, W, 3)."""
    return torch.randint(0, 256, (height, width, 3), dtype=torch.uint8, generator=GENERATOR)


@pytest.mark.parametrize("sizes", [[(40, 50), (40, 50)], [(40, 50), (80, 20), (32, 32)]])
def test_a_batch_is_what_torchvision_makes_of_it(sizes: list[tuple[int, int]]) -> None:
    images = [picture(*size) for size in sizes]
    backbone = TinyBackbone()
    reference = GeneralizedRCNNTransform(32, 64, list(backbone.pixels.mean), list(backbone.pixels.std))

    images_NCHW, ours = prepare(images, backbone.normalize, (32, 64), dtype=torch.float32)

    theirs, _ = reference([image.permute(2, 0, 1) / 255 for image in images])
    assert ours == theirs.image_sizes
    torch.testing.assert_close(images_NCHW, theirs.tensors)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((600, 800), (600, 800)), ((300, 400), (600, 800)), ((300, 900), (333, 1000)), ((1, 12000), (1, 1000))],
)
def test_the_side_that_makes_a_picture_smaller_counts(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert resized_size(size, (600, 1000)) == expected


def test_boxes_follow_their_picture_and_come_back() -> None:
    boxes_R4 = torch.tensor([[0.0, 0.0, 50.0, 40.0], [10.0, 4.0, 20.0, 8.0]])

    scaled_R4 = scale_boxes(boxes_R4, (40, 50), (80, 25))

    assert scaled_R4.tolist() == [[0, 0, 25, 80], [5, 8, 10, 16]]
    torch.testing.assert_close(scale_boxes(scaled_R4, (80, 25), (40, 50)), boxes_R4)


@pytest.mark.parametrize("sizes", [[(40, 50), (40, 50)], [(40, 50), (80, 20)]])
def test_pictures_are_mirrored_one_by_one(sizes: list[tuple[int, int]]) -> None:
    images = [picture(*size) for size in sizes]
    normalize = TinyBackbone().normalize

    ours_NCHW, _ = prepare(images, normalize, (32, 64), dtype=torch.float32, is_flipped=(False, True))

    expected_NCHW, _ = prepare([images[0], images[1].flip(1)], normalize, (32, 64), dtype=torch.float32)
    assert torch.equal(ours_NCHW, expected_NCHW)


@pytest.mark.parametrize(
    ("second", "expected"), [((40, 50), [(20, 25), (40, 50)]), ((40, 100), [(20, 25), (26, 64)])]
)
def test_each_picture_may_have_its_own_short_side(
    second: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    images = [picture(40, 50), picture(*second)]
    normalize = TinyBackbone().normalize

    _, sizes = prepare(images, normalize, (32, 64), dtype=torch.float32, short_sides=(20, 40))

    assert sizes == expected


def test_pictures_that_share_size_and_short_side_are_resized_as_each_alone() -> None:
    images = [picture(40, 50), picture(40, 50)]
    normalize = TinyBackbone().normalize

    both_NCHW, _ = prepare(images, normalize, (32, 64), dtype=torch.float32, short_sides=(20, 20))

    alone = [prepare([image], normalize, (20, 64), dtype=torch.float32)[0] for image in images]
    assert torch.equal(both_NCHW, torch.cat(alone))
