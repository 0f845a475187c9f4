"""Mirrored pictures and boxes."""

from __future__ import annotations

import numpy as np

from transferbench.tasks.detect.augment import flip, random_flip

RNG = np.random.default_rng(0)
RGB_HW3 = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
BOXES_R4 = np.array([[0.0, 1.0, 3.0, 5.0], [2.0, 0.0, 9.0, 6.0]])


def test_a_box_stays_on_its_pixels_when_mirrored() -> None:
    mirrored_HW3, mirrored_R4 = flip(RGB_HW3, BOXES_R4)

    x_min, y_min, x_max, y_max = mirrored_R4[0].astype(int)
    assert mirrored_R4[0].tolist() == [6, 1, 9, 5]
    assert np.array_equal(mirrored_HW3[y_min:y_max, x_min:x_max], RGB_HW3[1:5, 0:3][:, ::-1])


def test_mirroring_twice_changes_nothing() -> None:
    rgb_HW3, boxes_R4 = flip(*flip(RGB_HW3, BOXES_R4))

    assert np.array_equal(rgb_HW3, RGB_HW3)
    assert np.array_equal(boxes_R4, BOXES_R4)


def test_no_boxes_can_be_mirrored() -> None:
    assert flip(RGB_HW3, np.zeros((0, 4)))[1].shape == (0, 4)


def test_the_share_of_mirrored_pictures_is_the_probability() -> None:
    draws = [random_flip(RGB_HW3, BOXES_R4, 0.25, RNG)[1][0, 0] == 6 for _ in range(2000)]

    assert abs(np.mean(draws) - 0.25) < 0.03
