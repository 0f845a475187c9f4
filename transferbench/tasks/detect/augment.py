"""Changes of training pictures and their boxes.

The pictures themselves are mirrored on the device, by `model/resize.py`.

Dimension key: R boxes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

import numpy as np


def mirrored(boxes_R4: np.ndarray, width: float) -> np.ndarray:
    """Returns boxes of a picture mirrored left to right.

    Args:
        boxes_R4: on the picture as it is.
        width: of the picture in pixels.
    """
    mirrored_R4 = boxes_R4.copy()
    mirrored_R4[:, 0] = width - boxes_R4[:, 2]
    mirrored_R4[:, 2] = width - boxes_R4[:, 0]
    return mirrored_R4
