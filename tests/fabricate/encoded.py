"""Pictures as the bytes of their files."""

from io import BytesIO

import numpy as np
from PIL import Image


def jpeg(*seed: int, side: int = 32) -> bytes:
    """Returns a JPEG of noise, another for each seed."""
    noise = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    content = BytesIO()
    Image.fromarray(noise).save(content, "JPEG")
    return content.getvalue()
