"""Pictures with their short side reduced, as JPEG."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from transferbench.errors import DataError
from transferbench.tasks.decode import decode_rgb


def shrunk(content: bytes, name: str, short_side: int, *, quality: int) -> bytes:
    """Returns a picture's file with the short side reduced; as it is, byte for byte, if that is not larger.

    It is decoded by the reference reader and resized by PIL's antialiased bilinear filter to the size that
    evaluation resizes to: evaluated at that size, a reduced picture differs from its original by the loss of
    JPEG alone. EXIF is applied, and is not in the new file.

    Args:
        content: all bytes of the file.
        name: of the picture, for a complaint.
        short_side: pixels.
        quality: of the JPEG, 1 to 100.

    Raises:
        DataError: the content is truncated or no picture.
    """
    picture = Image.fromarray(decode_rgb(content, name))
    scale = short_side / min(picture.size)
    if scale >= 1:
        return content
    size = max(short_side, round(picture.width * scale)), max(short_side, round(picture.height * scale))
    file = BytesIO()
    try:
        picture.resize(size, Image.Resampling.BILINEAR).save(file, "JPEG", quality=quality)
    except OSError as error:
        raise DataError(
            f"{name}: expected a picture that can be saved as JPEG at {size[0]} x {size[1]} pixels, found "
            f"one that cannot ({error}); cut it"
        ) from error
    return file.getvalue()
