"""Anchors against torchvision's, and the two other forms by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

from transferbench.tasks.detect.model.anchors import cell_anchors, grid_anchors

SIZES, RATIOS = (32.0, 64.0, 128.0, 256.0, 512.0), (0.5, 1.0, 2.0)


def released() -> np.ndarray:
    """Returns the anchors of GluonCV's RPNAnchorGenerator at base 16, as it writes them, edges inclusive."""
    middle, boxes = (16 - 1) * 0.5, []
    for ratio in RATIOS:
        for scale in (2, 4, 8, 16, 32):
            side = np.round(np.sqrt(16 * 16 / ratio))
            half_width = (side * scale - 1) * 0.5
            half_height = (np.round(side * ratio) * scale - 1) * 0.5
            boxes.append(
                [middle - half_width, middle - half_height, middle + half_width, middle + half_height]
            )
    return np.array(boxes)


def test_the_default_form_is_torchvision_s() -> None:
    generator = AnchorGenerator((SIZES,), (RATIOS,))
    image = ImageList(torch.zeros(1, 3, 64, 96), [(64, 96)])
    theirs = generator(image, [torch.zeros(1, 8, 4, 6)])[0]

    ours = grid_anchors(cell_anchors("torchvision", SIZES, RATIOS, 16), (4, 6), (16, 16))

    torch.testing.assert_close(ours.float(), theirs, rtol=0, atol=0)


def test_the_released_form_is_gluon_s_with_exclusive_edges() -> None:
    exclusive = released() + np.array([0, 0, 1, 1])

    ours = cell_anchors("released", SIZES, RATIOS, 16)

    np.testing.assert_array_equal(ours.numpy(), exclusive)


def test_the_form_of_detectron2_has_exact_areas_and_ratios_around_the_corner() -> None:
    ours_A4 = cell_anchors("detectron2", SIZES, RATIOS, 16)

    sides_A2 = ours_A4[:, 2:] - ours_A4[:, :2]
    areas_RS = (sides_A2[:, 0] * sides_A2[:, 1]).view(3, 5)
    torch.testing.assert_close(areas_RS, torch.tensor(SIZES, dtype=torch.float64).square().expand(3, 5))
    torch.testing.assert_close((sides_A2[:, 1] / sides_A2[:, 0]).view(3, 5)[:, 0].tolist(), list(RATIOS))
    torch.testing.assert_close(ours_A4[:, :2], -ours_A4[:, 2:])


@pytest.mark.parametrize("form", ["torchvision", "released", "detectron2"])
def test_places_are_taken_row_by_row_with_all_anchors_of_each(form: str) -> None:
    cells_A4 = cell_anchors(form, (32.0,), (1.0,), 16)  # type: ignore[arg-type]

    grid_A4 = grid_anchors(cells_A4, (2, 3), (16, 20))

    moves = [[0, 0], [20, 0], [40, 0], [0, 16], [20, 16], [40, 16]]
    assert (grid_A4 - cells_A4)[:, :2].tolist() == moves
