import math
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as reference

from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.classify.augment import augmented, augmented_from, crop_box, resized_crop, scored
from transferbench.tasks.classify.protocols import Augment
from transferbench.tasks.decode import decode_rgb_fast

PLAIN = Augment(jitter=0, lighting=0)


def picture(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(60, 160, (height, width, 3), dtype=np.uint8)


def test_crops_lie_inside_and_keep_to_area_and_aspect() -> None:
    rng = np.random.default_rng(0)
    augment = Augment(area=(0.2, 0.9))

    boxes = np.array([crop_box((50, 80), augment, rng, side=32) for _ in range(500)])

    top, left, height, width = boxes.T
    assert (top >= 0).all() and (left >= 0).all()
    assert (top + height <= 50).all() and (left + width <= 80).all()
    assert (height * width).min() / 4000 > 0.18 and (height * width).max() / 4000 < 0.92


def aspects(crops: str, count: int = 4000) -> np.ndarray:
    """Returns width over height of crops that always fit, so that none is drawn again."""
    rng, augment = np.random.default_rng(0), Augment.model_validate({"crops": crops, "area": (0.2, 0.4)})
    boxes = np.array([crop_box((9000, 9000), augment, rng, side=224) for _ in range(count)])
    return np.asarray(boxes[:, 3] / boxes[:, 2])


def test_the_aspects_of_torchvision_are_its_own() -> None:
    torch.manual_seed(0)
    image = torch.zeros(1, 9000, 9000)
    theirs = [RandomResizedCrop.get_params(image, [0.2, 0.4], [3 / 4, 4 / 3]) for _ in range(4000)]

    own = aspects("torchvision")

    assert stats.ks_2samp(own, [width / height for _, _, height, width in theirs]).pvalue > 0.01
    assert stats.kstest(np.log(own), stats.uniform(np.log(3 / 4), 2 * np.log(4 / 3)).cdf).pvalue > 0.01


def test_the_aspects_of_the_paper_are_even() -> None:
    own = aspects("paper")

    assert stats.kstest(own, stats.uniform(3 / 4, 4 / 3 - 3 / 4).cdf).pvalue > 0.01
    assert stats.ks_2samp(own, aspects("torchvision")).pvalue < 1e-3


def test_the_aspects_of_the_released_code_are_even_and_half_of_them_turned_over() -> None:
    rng = np.random.default_rng(1)
    even = rng.uniform(3 / 4, 4 / 3, 4000)

    own = aspects("released")

    assert stats.ks_2samp(own, np.where(rng.random(4000) < 0.5, even, 1 / even)).pvalue > 0.01
    assert stats.ks_2samp(own, even).pvalue < 1e-3


@pytest.mark.parametrize("seed", range(40))
def test_a_released_crop_is_what_its_draws_say(seed: int) -> None:
    replay = np.random.default_rng(seed)
    area, aspect, is_turned = (
        replay.uniform(0.1, 0.2) * 300 * 500,
        replay.uniform(0.75, 4 / 3),
        replay.random() < 0.5,
    )
    height, width = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
    height, width = (width, height) if is_turned else (height, width)
    top, left = int(replay.integers(300 - height + 1)), int(replay.integers(500 - width + 1))

    augment = Augment(area=(0.1, 0.2), aspect=(0.75, 4 / 3), crops="released")

    assert crop_box((300, 500), augment, np.random.default_rng(seed), side=9) == (top, left, height, width)


@pytest.mark.parametrize(
    ("crops", "size", "box"),
    [
        ("released", (100, 1000), (34, 484, 32, 32)),
        ("released", (20, 400), (0, 190, 20, 20)),
        ("paper", (100, 1000), (0, 433, 100, 133)),
        ("torchvision", (100, 1000), (0, 433, 100, 133)),
        ("torchvision", (1000, 100), (433, 0, 133, 100)),
    ],
)
def test_where_ten_crops_do_not_fit_the_centre_is_taken(
    crops: str, size: tuple[int, int], box: tuple[int, ...]
) -> None:
    augment = Augment.model_validate({"crops": crops, "area": (0.9, 1.0)})

    assert crop_box(size, augment, np.random.default_rng(0), side=32) == box
    if crops != "released":
        torch.manual_seed(0)
        image = torch.zeros(1, *size)
        assert RandomResizedCrop.get_params(image, [0.9, 1.0], [3 / 4, 4 / 3]) == box


def test_a_picture_too_narrow_for_any_crop_gives_its_centre() -> None:
    top, left, height, width = crop_box((4, 400), Augment(area=(0.9, 1.0)), np.random.default_rng(0), side=32)

    assert (top, height) == (0, 4)
    assert left == (400 - width) // 2


def test_a_whole_crop_without_colours_is_the_picture() -> None:
    augment = Augment(area=(1, 1), aspect=(1, 1), flip=0, jitter=0, lighting=0)
    image = picture(32, 32)

    crop, matrix, offset = augmented(image, 32, augment, np.random.default_rng(0))

    np.testing.assert_array_equal(crop, image)
    np.testing.assert_array_equal(matrix, np.eye(3))
    np.testing.assert_array_equal(offset, np.zeros(3))


@pytest.mark.parametrize("is_flipped", [False, True])
@pytest.mark.parametrize("box", [(0, 0, 20, 30), (3, 5, 11, 12), (19, 29, 1, 1)])
def test_a_crop_has_the_pixels_of_the_reference(box: tuple[int, int, int, int], is_flipped: bool) -> None:
    expected = reference.resized_crop(Image.fromarray(picture()), *box, [16, 16])
    expected = reference.hflip(expected) if is_flipped else expected

    crop = resized_crop(picture(), box, 16, is_flipped=is_flipped)

    assert np.abs(crop.astype(int) - np.asarray(expected)).max() <= 1
    assert crop.flags["C_CONTIGUOUS"]


def encoded(form: str, **options: Any) -> bytes:
    content = BytesIO()
    Image.fromarray(picture(5, 9)).resize((300, 200)).save(content, form, **options)
    return content.getvalue()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["jpeg", "progressive", "turned", "png"])
def test_from_a_file_come_the_pixels_of_the_decoded_picture(kind: str, seed: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: dict[str, dict[str, Any]] = {"progressive": {"progressive": True}, "turned": {"exif": exif}}
    content = encoded("PNG" if kind == "png" else "JPEG", **kinds.get(kind, {}))

    expected = augmented(decode_rgb_fast(content, "a"), 32, Augment(), np.random.default_rng(seed))
    found = augmented_from(content, "a", 32, Augment(), rng=np.random.default_rng(seed))

    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_crop_is_distorted_before_its_colours_are_drawn() -> None:
    content = encoded("JPEG")

    picture, _, offset = augmented_from(
        content, "a", 8, Augment(lighting=0), rng=np.random.default_rng(0), distort=lambda p, _: p * 0
    )

    assert not picture.any()
    assert not offset.any()  # of contrast: the mean grey of black is 0


def test_a_file_that_is_no_picture_is_named() -> None:
    with pytest.raises(DataError, match=r"a\.jpg: expected a whole picture"):
        augmented_from(b"no picture", "a.jpg", 8, Augment(), rng=np.random.default_rng(0))


def test_crops_of_real_pictures_have_the_pixels_of_the_reference() -> None:
    for path in sorted(real_data("imagenet_sample").rglob("*.JPEG"))[:20]:
        rng = np.random.default_rng(0)
        found, _, _ = augmented_from(path.read_bytes(), path.name, 64, PLAIN, rng=np.random.default_rng(0))

        whole = Image.open(path).convert("RGB")
        expected = reference.resized_crop(whole, *crop_box(whole.size[::-1], PLAIN, rng, side=64), [64, 64])
        expected = reference.hflip(expected) if rng.random() < PLAIN.flip else expected
        assert np.abs(found.astype(int) - np.asarray(expected)).mean() < 0.5


def test_the_same_seed_gives_the_same_pixels() -> None:
    first, second = (augmented(picture(), 16, Augment(), np.random.default_rng((0, 3, 7))) for _ in range(2))

    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("height", "width"), [(20, 30), (30, 20), (7, 90), (64, 64)])
def test_scoring_gives_a_square_whatever_the_shape(height: int, width: int) -> None:
    assert scored(picture(height, width), 16, 0.875).shape == (16, 16, 3)


def test_scoring_cuts_the_centre_of_the_picture_resized_by_pillow() -> None:
    image = picture(32, 64)
    resized = np.asarray(Image.fromarray(image).resize((64, 32)))

    np.testing.assert_array_equal(scored(image, 28, 0.875), resized[2:30, 18:46])
