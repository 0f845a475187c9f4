"""`predict`: what a run finds in single pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.command import error, told
from tests.runs.tiny import DETECT, MACHINE, SEGMENT, pretrained_world, transfer
from transferbench.cli.predict import _names
from transferbench.runs.execute import execute


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, a pretraining, and a run of detection and one of segmentation."""
    root = pretrained_world(tmp_path_factory.mktemp("world"))
    for name, protocol in (("detect", DETECT), ("segment", SEGMENT)):
        execute(transfer(protocol, root, root / name, weights="random:mini_b"), MACHINE, lambda news: None)
    return root


def pictures(world: Path) -> list[Path]:
    return sorted((world / "VOCdevkit/VOC2007/JPEGImages").glob("*.jpg"))[:2]


def written(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "predictions.json").read_text()))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.png")}


def test_a_detection_draws_and_writes_what_it_finds(world: Path, tmp_path: Path) -> None:
    first, second = pictures(world)
    twin = shutil.copy(first, tmp_path / first.name)

    result = told("predict", world / "detect", first, second, twin, "-o", tmp_path / "out", "--score", "0")

    content = written(tmp_path / "out")
    assert result.stderr.split(": ")[-1] == "predictions.json and drawings (3)\n"
    assert [each["picture"] for each in content["predictions"]] == [str(first), str(second), str(twin)]
    assert (content["protocol"], content["predictions"][0]["width"]) == (DETECT.key, 48)
    assert {"class", "score", "box"} == set(content["predictions"][0]["detections"][0])
    assert names(tmp_path / "out") == {"000000.png", "000001.png", "000000_1.png"}


def test_a_segmentation_writes_drawings_and_masks(world: Path, tmp_path: Path) -> None:
    first, second = pictures(world)

    result = told("predict", world / "segment", first, second, "-o", tmp_path)

    predicted = written(tmp_path)["predictions"]
    assert result.stderr.split(": ")[-1] == "predictions.json, drawings and masks (2)\n"
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [str(first), str(second)]
    assert {"picture", "width", "height", "classes", "drawing", "mask"} == set(predicted[0])
    assert names(tmp_path) == {f"{stem}{end}.png" for stem in ("000000", "000001") for end in ("", "_mask")}


def test_a_mask_says_in_the_data_set_s_values_what_is_told(world: Path, tmp_path: Path) -> None:
    (first, _) = pictures(world)

    result = told("predict", world / "segment", first, "-o", tmp_path)

    (predicted,) = written(tmp_path)["predictions"]
    values = np.asarray(Image.open(tmp_path / predicted["mask"]))
    classes = json.loads((world / "segment" / "record.json").read_text())["classes"]
    largest = predicted["classes"][0]
    assert values.shape == (predicted["height"], predicted["width"])
    assert (values == 1 + classes.index(largest["class"])).mean() == largest["share"]
    assert f"{largest['class']} {100 * largest['share']:.0f} %" in result.stdout


def test_a_pretraining_is_refused(world: Path) -> None:
    told_of = error("predict", world / "pretrained", *pictures(world))

    assert "expected a run of detect or segment, found a pretraining" in told_of


def test_a_picture_that_is_broken_is_named_before_anything_is_written(world: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")

    told_of = error("predict", world / "segment", tmp_path / "broken.jpg", "-o", tmp_path / "out")

    assert "broken.jpg: expected a whole picture, found one that cannot be decoded" in told_of
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_to_write(world: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    told_of = error("predict", world / "detect", *pictures(world), "-o", tmp_path / "file")

    assert "file: expected a folder that can be written, found that it cannot (" in told_of
    assert told_of.strip().endswith("give another --out")


def test_no_two_drawings_have_one_name() -> None:
    images = [Path("a/x.jpg"), Path("b/x.jpg"), Path("c/x_1.jpg"), Path("x.png")]

    assert _names(images, Path("out"), [""]) == ["x", "x_1", "x_1_1", "x_2"]


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        (("x", "x_mask"), ["x", "x_mask_1"]),
        (("x_mask", "x"), ["x_mask", "x_1"]),
        (("x", "x", "x_1_mask"), ["x", "x_1", "x_1_mask_1"]),
    ],
)
def test_no_mask_takes_the_name_of_a_drawing(stems: tuple[str, ...], expected: list[str]) -> None:
    images = [Path(str(place)) / f"{stem}.jpg" for place, stem in enumerate(stems)]

    found = _names(images, Path("out"), ["", "_mask"])

    assert found == expected
    assert len({name + end for name in found for end in ("", "_mask")}) == 2 * len(images)


def test_no_drawing_takes_the_place_of_a_picture() -> None:
    images = [Path("out/x.png"), Path("out/y.jpg"), Path("other/z.png"), Path("out/y_mask.png")]

    assert _names(images, Path("out"), ["", "_mask"]) == ["x_1", "y_1", "z", "y_mask_1"]


def test_a_folder_stands_for_its_pictures(world: Path, tmp_path: Path) -> None:
    result = told("predict", world / "segment", pictures(world)[0].parent, "-o", tmp_path)

    found = [each["picture"] for each in written(tmp_path)["predictions"]]
    assert result.exit_code == 0
    assert found == [str(path) for path in sorted(pictures(world)[0].parent.glob("*.jpg"))]


def test_all_pictures_that_cannot_be_decoded_are_told_and_nothing_is_written(
    world: Path, tmp_path: Path
) -> None:
    first, second = pictures(world)
    cut = tmp_path / "cut.png"
    Image.open(second).save(cut)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])

    told_of = error("predict", world / "segment", first, cut, tmp_path / "none.jpg", "-o", tmp_path / "out")

    assert "cut.png: expected a whole picture" in told_of
    assert "none.jpg: expected a picture, found no such file; mend the name" in told_of
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_written_over_is_one_message(world: Path, tmp_path: Path) -> None:
    (tmp_path / f"{pictures(world)[0].stem}.png").mkdir()

    told_of = error("predict", world / "segment", pictures(world)[0], "-o", tmp_path)

    assert "expected a folder that can be written, found that it cannot" in told_of


def test_a_picture_far_larger_than_those_of_the_training_is_told(world: Path, tmp_path: Path) -> None:
    Image.open(pictures(world)[0]).resize((480, 400)).save(tmp_path / "large.png")

    result = told("predict", world / "segment", tmp_path / "large.png", "-o", tmp_path / "out")

    assert "its long side of 480 pixels is far from the 20 to 80 that were trained on" in result.stderr
