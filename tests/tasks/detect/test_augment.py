"""Mirrored boxes."""

from __future__ import annotations

import numpy as np

from transferbench.tasks.detect.augment import mirrored

RGB_HW3 = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
BOXES_R4 = np.array([[0.0, 1.0, 3.0, 5.0], [2.0, 0.0, 9.0, 6.0]])


def test_a_box_stays_on_its_pixels_when_mirrored() -> None:
    mirrored_R4 = mirrored(BOXES_R4, width=9)

    x_min, y_min, x_max, y_max = mirrored_R4[0].astype(int)
    assert mirrored_R4[0].tolist() == [6, 1, 9, 5]
    assert np.array_equal(RGB_HW3[:, ::-1][y_min:y_max, x_min:x_max], RGB_HW3[1:5, 0:3][:, ::-1])


def test_mirroring_twice_changes_nothing_and_once_leaves_what_was_given() -> None:
    boxes_R4 = mirrored(mirrored(BOXES_R4, width=9), width=9)

    assert np.array_equal(boxes_R4, BOXES_R4)
    assert BOXES_R4[0].tolist() == [0, 1, 3, 5]


def test_no_boxes_can_be_mirrored() -> None:
    assert mirrored(np.zeros((0, 4)), width=9).shape == (0, 4)
