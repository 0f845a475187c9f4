from base64 import b64decode
from dataclasses import replace
from io import BytesIO

from PIL import Image

from tests.reports.page.stories import contrast
from transferbench.reports.page.cite import download
from transferbench.reports.page.pictures import galleries, thumbnail


def _png(width: int, height: int) -> bytes:
    content = BytesIO()
    Image.new("RGB", (width, height), "teal").save(content, "PNG")
    return content.getvalue()


def test_a_picture_becomes_small_and_keeps_its_shape() -> None:
    small = thumbnail(_png(1000, 500), "truth", "The truth.")

    with Image.open(BytesIO(b64decode(small.address.partition(",")[2]))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (small.width, small.height))
    assert (small.width, small.height) == (360, 180)


def test_a_small_picture_is_not_enlarged() -> None:
    small = thumbnail(_png(40, 20), "truth", "The truth.")

    assert (small.width, small.height) == (40, 20)


def test_pictures_of_one_pair_stand_together() -> None:
    back = replace(contrast(2), right="plain", wrong="warmup")

    found = galleries([contrast(0), back, contrast(1)])

    assert [gallery.title for gallery in found] == [
        "Detection, seed 0: warmup right, plain wrong",
        "Detection, seed 0: plain right, warmup wrong",
    ]
    assert [strip.name for strip in found[0].strips] == ["VOC2007/000000", "VOC2007/000001"]


def test_a_strip_says_in_words_what_its_pictures_show() -> None:
    strip = galleries([contrast(0)])[0].strips[0]

    assert [picture.words for picture in strip.pictures] == [
        "The truth of VOC2007/000000.",
        "What warmup made of VOC2007/000000, 90 % right.",
        "What plain made of VOC2007/000000, 10 % right.",
    ]


def test_a_file_to_take_along_is_whole_in_its_address() -> None:
    file = download("compare.csv", "recipe,sd\n\u00b1,1\n")

    kind, _, content = file.address.partition(";base64,")
    assert kind == "data:text/csv;charset=utf-8"
    assert b64decode(content).decode() == "recipe,sd\n\u00b1,1\n"
