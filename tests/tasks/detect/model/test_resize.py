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
