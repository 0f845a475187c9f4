"""The three data sets as they lie on a disk."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.miniature.tiny import TINY
from transferbench.miniature.ade20k import CLASSES
from transferbench.miniature.imagenet import SYNSETS
from transferbench.miniature.make import make
from transferbench.miniature.shapes import SHAPES


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a tiny world."""
    return make(tmp_path_factory.mktemp("world"), size=TINY, processes=1).root


def read_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as file:
        return file.size


def read_mask(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.array(file)


def members(root: Path, year: int, name: str, use: str = "Main") -> list[str]:
    path = root / f"VOCdevkit/VOC{year}/ImageSets/{use}/{name}.txt"
    return path.read_text().split()


def test_imagenet_has_a_folder_of_whole_pictures_for_each_class(root: Path) -> None:
    for split, count in (("train", 2), ("val", 1)):
        folder = root / "imagenet" / split

        assert sorted(path.name for path in folder.iterdir()) == list(SYNSETS)
        for synset in SYNSETS:
            sizes = [read_size(path) for path in (folder / synset).glob("*.jpg")]
            assert sizes == [(64, 64)] * count


def test_the_names_of_the_synsets_are_beside_them(root: Path) -> None:
    lines = (root / "imagenet/classes.txt").read_text().splitlines()

    assert lines[0] == "n90000001\tdisc"
    assert [line.split("\t") for line in lines] == [list(pair) for pair in zip(SYNSETS, SHAPES, strict=True)]


@pytest.mark.parametrize("use", ["Main", "Segmentation"])
def test_the_lists_of_voc_name_every_picture_once(root: Path, use: str) -> None:
    of_2007 = members(root, 2007, "trainval", use) + members(root, 2007, "test", use)

    assert of_2007 == [f"{number:06d}" for number in range(1, 12)]
    assert members(root, 2012, "trainval", use) == [f"2012_{number:06d}" for number in range(1, 7)]
    for year in (2007, 2012):
        train, val = members(root, year, "train", use), members(root, year, "val", use)
        assert train + val == members(root, year, "trainval", use)


@pytest.mark.parametrize("year", [2007, 2012])
def test_every_picture_of_voc_has_an_annotation_and_a_mask(root: Path, year: int) -> None:
    home = root / f"VOCdevkit/VOC{year}"
    names = sorted(path.stem for path in (home / "JPEGImages").glob("*.jpg"))

    assert names == sorted(path.stem for path in (home / "Annotations").glob("*.xml"))
    assert names == sorted(path.stem for path in (home / "SegmentationClass").glob("*.png"))
    assert len(names) == {2007: 11, 2012: 6}[year]


def test_boxes_of_voc_are_one_based_and_inclusive_and_end_where_the_mask_does(root: Path) -> None:
    for path in sorted((root / "VOCdevkit/VOC2007/Annotations").iterdir()):
        mask = read_mask(path.parents[1] / "SegmentationClass" / f"{path.stem}.png")
        for thing in ElementTree.parse(path).iterfind("object"):
            label = SHAPES.index(thing.findtext("name") or "") + 1
            x0, y0, x1, y1 = (
                int(thing.findtext(f"bndbox/{key}") or 0) for key in ("xmin", "ymin", "xmax", "ymax")
            )

            inside = mask[y0 - 1 : y1, x0 - 1 : x1] == label
            assert 1 <= x0 <= x1 <= 128 and 1 <= y0 <= y1 <= 128
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_an_annotation_says_what_the_development_kit_says(root: Path) -> None:
    path = next((root / "VOCdevkit/VOC2012/Annotations").iterdir())
    tree = ElementTree.parse(path).getroot()

    tags = [child.tag for child in tree if child.tag != "object"]
    assert tags == ["folder", "filename", "source", "size", "segmented"]
    assert tree.findtext("filename") == f"{path.stem}.jpg"
    assert [tree.findtext(f"size/{key}") for key in ("width", "height", "depth")] == ["128", "128", "3"]
    for thing in tree.iterfind("object"):
        assert [child.tag for child in thing] == ["name", "pose", "truncated", "difficult", "bndbox"]


def test_the_masks_of_voc_have_its_palette(root: Path) -> None:
    path = next((root / "VOCdevkit/VOC2007/SegmentationClass").iterdir())

    with Image.open(path) as mask:
        palette = np.reshape(mask.getpalette() or [], (-1, 3))

    assert mask.mode == "P"
    assert palette[:4].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    assert palette[255].tolist() == [224, 224, 192]


@pytest.mark.parametrize(("split", "prefix", "count"), [("training", "train", 5), ("validation", "val", 3)])
def test_the_annotations_of_ade20k_are_of_8_bits_and_in_range(
    root: Path, split: str, prefix: str, count: int
) -> None:
    home = root / "ADEChallengeData2016"
    names = [f"ADE_{prefix}_{number:08d}" for number in range(1, count + 1)]

    assert sorted(path.stem for path in (home / "images" / split).iterdir()) == names
    for name in names:
        with Image.open(home / "annotations" / split / f"{name}.png") as mask:
            assert mask.mode == "L"
            assert np.asarray(mask).max() <= len(CLASSES)


def test_the_table_of_ade20k_has_a_row_for_each_class(root: Path) -> None:
    lines = (root / "ADEChallengeData2016/objectInfo150.txt").read_text().splitlines()
    rows = [line.split("\t") for line in lines[1:]]

    assert lines[0] == "Idx\tRatio\tTrain\tVal\tName"
    assert [(int(row[0]), row[4]) for row in rows] == list(enumerate(CLASSES, start=1))
    assert sum(float(row[1]) for row in rows) == pytest.approx(1, abs=0.1)
    assert max(int(row[2]) for row in rows) <= 5
