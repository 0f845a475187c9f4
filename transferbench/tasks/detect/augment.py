"""Changes of training pictures and their boxes.

Dimension key: H x W pixels, R boxes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

import numpy as np


def flip(rgb_HW3: np.ndarray, boxes_R4: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns a picture and its boxes mirrored left to right."""
    width = rgb_HW3.shape[1]
    mirrored_R4 = boxes_R4.copy()
    mirrored_R4[:, 0] = width - boxes_R4[:, 2]
    mirrored_R4[:, 2] = width - boxes_R4[:, 0]
    return np.ascontiguousarray(rgb_HW3[:, ::-1]), mirrored_R4


def random_flip(
    rgb_HW3: np.ndarray, boxes_R4: np.ndarray, probability: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a picture and its boxes, mirrored left to right with a probability in [0, 1]."""
    return flip(rgb_HW3, boxes_R4) if rng.random() < probability else (rgb_HW3, boxes_R4)
