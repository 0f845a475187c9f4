"""One annotation file to boxes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.voc import DOG, HARD_DOG, Written, annotation, write_scene
from transferbench.errors import DataError
from transferbench.tasks.decode import read_rgb
from transferbench.tasks.detect.sources.annotation import read_annotation
from transferbench.tasks.detect.sources.picture import Annotation


def read(root: Path, *objects: Written) -> Annotation:
    """Writes a picture of 48 x 32 pixels with these objects and reads it."""
    path = write_scene(root, "000001", objects)
    return read_annotation(path, path.parents[1] / "JPEGImages" / "000001.jpg")


def test_inclusive_corners_from_one_become_exclusive_edges_from_zero(tmp_path: Path) -> None:
    truth = read(tmp_path, ("dog", (1, 1, 48, 32), False), ("dog", (7, 9, 7, 9), False))

    assert truth.boxes_R4.tolist() == [[0, 0, 48, 32], [6, 8, 7, 9]]


def test_box_and_class_and_difficult_are_read(tmp_path: Path) -> None:
    truth = read(tmp_path, DOG, HARD_DOG)

    assert truth.names == ("dog", "dog")
    assert truth.is_difficult_R.tolist() == [False, True]
    assert truth.boxes_R4.tolist() == [[4, 4, 20, 24], [24, 8, 46, 32]]


def test_a_picture_without_objects_is_a_valid_negative(tmp_path: Path) -> None:
    truth = read(tmp_path)

    assert truth.names == ()
    assert truth.boxes_R4.shape == (0, 4)


def test_boxes_outside_are_clipped_and_those_without_area_dropped_and_both_counted(tmp_path: Path) -> None:
    truth = read(tmp_path, ("dog", (0, 30, 60, 40), False), ("cat", (50, 5, 60, 9), False), DOG)

    assert truth.boxes_R4.tolist() == [[0, 29, 48, 32], [4, 4, 20, 24]]
    assert truth.names == ("dog", "dog")
    assert (truth.clipped, truth.dropped) == (1, 1)


def test_swapped_edges_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "VOCdevkit/VOC2007/Annotations/000001.xml"

    with pytest.raises(DataError) as caught:
        read(tmp_path, ("dog", (20, 5, 5, 24), False))

    assert str(caught.value) == (
        f"{path}: object 1 ('dog'): expected xmin <= xmax and ymin <= ymax, found xmin, ymin, xmax, ymax = "
        "20, 5, 5, 24; swap the edges"
    )


@pytest.mark.parametrize("text", ["<xmin>five</xmin>", "<xmin>nan</xmin>", "<xmin>inf</xmin>", ""])
def test_a_corner_that_is_no_number_is_a_fault(text: str, tmp_path: Path) -> None:
    path = write_scene(tmp_path, "000001", [DOG])
    path.write_text(path.read_text().replace("<xmin>5</xmin>", text))

    with pytest.raises(
        DataError, match=r"object 1 .'dog'.: expected <bndbox> with four numbers, found .*mend"
    ):
        read_annotation(path, path.parents[1] / "JPEGImages" / "000001.jpg")


def test_an_object_without_a_name_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape("000001.xml: object 1: expected a <name>, found none")):
        read(tmp_path, ("", (5, 5, 20, 24), False))


def test_malformed_xml_names_file_and_line(tmp_path: Path) -> None:
    path = write_scene(tmp_path, "000001", [DOG])
    path.write_text("<annotation><object></annotation>")

    with pytest.raises(DataError) as caught:
        read_annotation(path, path.parents[1] / "JPEGImages" / "000001.jpg")

    assert str(caught.value) == (
        f"{path}: expected an annotation in XML, found a file that cannot be parsed "
        "(mismatched tag: line 1, column 22); mend it"
    )


@pytest.mark.parametrize("orientation", range(5, 9))
@pytest.mark.parametrize("is_drawn_on_turned", [True, False])
def test_boxes_lie_on_their_pixels_whether_drawn_before_exif_turned_the_picture_or_after(
    orientation: int, is_drawn_on_turned: bool, tmp_path: Path
) -> None:
    path = write_scene(tmp_path, "000001", [DOG])
    picture = path.parents[1] / "JPEGImages" / "000001.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.new("L", (48, 32))
    stored.paste(255, (4, 4, 20, 24))
    stored.save(picture, exif=exif)
    shown = read_rgb(picture)[..., 0] > 0
    (top, bottom), (left, right) = (np.flatnonzero(shown.any(axis=axis))[[0, -1]] + 1 for axis in (1, 0))
    drawn: Written = ("dog", (left, top, right, bottom), False)

    path.write_text(annotation([drawn], size=(32, 48)) if is_drawn_on_turned else annotation([DOG]))
    truth = read_annotation(path, picture)

    assert (truth.size, truth.doubt) == ((32, 48), None)
    assert truth.boxes_R4.tolist() == [[left - 1, top - 1, right, bottom]]


@pytest.mark.parametrize(
    ("orientation", "size", "doubt"),
    [
        (1, (48, 32), None),
        (1, None, None),
        (1, (0, 0), None),
        (1, (96, 64), "size"),
        (3, (48, 32), "turn"),
        (6, None, "turn"),
        (6, (96, 64), "size"),
        (0, (48, 32), None),
    ],
)
def test_what_a_size_leaves_open_is_said(
    orientation: int, size: tuple[int, int] | None, doubt: str | None, tmp_path: Path
) -> None:
    path = write_scene(tmp_path, "000001", [DOG])
    picture = path.parents[1] / "JPEGImages" / "000001.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (48, 32)).save(picture, exif=exif)
    text = annotation([DOG], size or (1, 1))
    path.write_text(text if size else re.sub("<size>.*</size>", "", text))

    truth = read_annotation(path, picture)

    assert truth.doubt == doubt
    assert truth.size == ((32, 48) if orientation == 6 else (48, 32))


def test_a_box_of_no_width_is_dropped_and_counted(tmp_path: Path) -> None:
    truth = read(tmp_path, ("dog", (5, 5, 4, 9), False), DOG)

    assert truth.names == ("dog",)
    assert truth.dropped == 1
