"""`bench`."""

import json
import math
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command import error, told
from transferbench.benchmarks.result import Comparison, Figure, Result

RESULT = Result(
    (
        Comparison("decode_crop", "decode, crop and flip", "torchvision", 0.0012, 0.00252, 2.1, 0.02),
        Comparison("colour", "colours", "torchvision", 0.00025, 0.0031, 12.4),
    ),
    {"device": "cpu", "threads": 1},
    (Figure("memory_ours", "peak in use, by ours", 12.345, "GB"),),
    ("drawn pictures",),
)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Puts a result in the place of measuring, and gives what was asked for."""
    asked: list[dict[str, object]] = []

    def bench_data(folder: Path | None, **settings: object) -> Result:
        asked.append({"folder": folder, **settings})
        return RESULT

    monkeypatch.setattr("transferbench.benchmarks.data.bench_data", bench_data)
    return asked


def test_people_are_shown_ratios_times_and_pixels(measured: list[dict[str, object]]) -> None:
    result = told("bench", "data")

    assert result.stdout == (
        "decode_crop   2.10x  ours 1.2 ms  torchvision 2.52 ms  pixels 0.02 of 255 apart\n"
        "    decode, crop and flip\n"
        "colour       12.40x  ours 0.25 ms  torchvision 3.1 ms\n"
        "    colours\n"
        "memory_ours      12.35 GB\n"
    )
    assert result.stderr.splitlines() == ["drawn pictures", "device cpu, threads 1"]


def test_programs_are_given_json_alone(measured: list[dict[str, object]]) -> None:
    result = told("bench", "data", "--format", "json")

    assert json.loads(result.stdout) == RESULT.content()
    assert result.stderr == ""


def test_flags_reach_the_measuring(measured: list[dict[str, object]], tmp_path: Path) -> None:
    told("bench", "data", "--data", tmp_path, "--pictures", "7", "-j", "1")

    assert measured == [{"folder": tmp_path, "pictures": 7, "workers": range(2)}]


def test_a_training_step_is_timed() -> None:
    result = told(
        *("bench", "train", "--arch", "mini_d", "--side", "32", "--batch-size", "2", "--device", "cpu"),
        *("--steps", "1", "--format", "json"),
    )

    content = json.loads(result.stdout)
    assert set(content["ratios"]) == {"train_plain"}
    assert content["figures"]["images_per_second_ours"] > 0


@pytest.mark.slow
def test_a_step_of_detection_is_timed_beside_torchvision_s() -> None:
    content = json.loads(told("bench", "detect", "--device", "cpu", "--format", "json").stdout)

    assert {"step_miniature", "step_full"} <= set(content["ratios"])
    assert all(ratio > 0 for ratio in content["ratios"].values())


@pytest.mark.slow
def test_segmentation_is_timed_with_all_that_is_promised(tmp_path: Path) -> None:
    Image.new("RGB", (90, 70)).save(tmp_path / "a.jpg")

    result = told("bench", "segment", "--data", tmp_path, "--device", "cpu", "--format", "json")

    content = json.loads(result.stdout)
    assert {"augment", "augment_files", "augment_cached", "step", "confusion"} <= set(content["ratios"])
    assert all(ratio > 0 for ratio in content["ratios"].values())


def test_flags_reach_the_measuring_of_segmentation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[object, ...]] = []

    def bench_segment(device: object, folder: Path | None, *, pictures: int) -> Result:
        asked.append((str(device), folder, pictures))
        return RESULT

    monkeypatch.setattr("transferbench.benchmarks.segment.bench_segment", bench_segment)
    told("bench", "segment", "--data", tmp_path, "--pictures", "3", "--device", "cpu")

    assert asked == [("cpu", tmp_path, 3)]


@pytest.mark.slow
def test_scoring_is_timed(tmp_path: Path) -> None:
    Image.new("RGB", (50, 40)).save(tmp_path / "a.jpg")

    result = told(
        *("bench", "eval", "--data", tmp_path, "--arch", "mini_d", "--side", "32", "--device", "cpu"),
        *("--format", "json"),
    )

    ratios = json.loads(result.stdout)["ratios"]
    assert set(ratios) == {"eval_plain", "voc_ap", "voc_resampled"}
    assert all(map(math.isfinite, ratios.values()))


@pytest.mark.slow
def test_pictures_are_timed_with_all_that_is_promised() -> None:
    content = json.loads(told("bench", "data", "--pictures", "8", "-j", "1", "--format", "json").stdout)

    assert {"decode_crop", "colour", "eval_decode", "loader_0", "loader_1"} <= set(content["ratios"])
    assert all(math.isfinite(ratio) for ratio in content["ratios"].values())
    assert content["differences"]["decode_crop"] < 0.5


@pytest.mark.parametrize("command", ["data", "segment", "eval"])
def test_a_folder_without_jpegs_is_refused(tmp_path: Path, command: str) -> None:
    assert error("bench", command, "--data", tmp_path) == (
        f"error: --data {tmp_path}: expected JPEGs (.jpg, .jpeg) in it or below it, found none; "
        "give another folder, or leave --data out and some are drawn\n"
    )


@pytest.mark.parametrize("command", ["train", "eval"])
def test_an_unknown_network_is_refused(command: str) -> None:
    assert error("bench", command, "--arch", "resnet05_d", "--device", "cpu") == (
        "error: backbone: expected a name of the catalog, found 'resnet05_d'; did you mean 'resnet50_d'?\n"
    )


@pytest.mark.parametrize("command", ["data", "train", "segment", "eval"])
def test_an_unknown_format_is_refused(command: str) -> None:
    assert error("bench", command, "--format", "yaml") == (
        "error: --format: expected text or json, found 'yaml'\n"
    )


def test_a_precision_of_nobody_is_refused() -> None:
    assert error("bench", "train", "--precision", "fp64", "--device", "cpu") == (
        "error: --precision: expected one of fp32, bf16, fp16, found 'fp64'\n"
    )
