"""Precision-recall curves as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferbench.tasks.detect.curves import draw_curves
from transferbench.tasks.detect.metric.voc import Curve

FALLING = Curve(np.linspace(1, 0.4, 50), np.linspace(0.02, 0.9, 50), 1234, 3)
NOTHING = Curve(np.zeros(0), np.zeros(0), 12, 0)
ABSENT = Curve(np.zeros(5), np.zeros(5), 0, 2)


def drawn(folder: Path, curves: dict[str, Curve], title: str = "") -> np.ndarray:
    draw_curves(curves, folder / "curves.png", title=title)
    with Image.open(folder / "curves.png") as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def blue(picture: np.ndarray) -> int:
    return int((picture[..., 2] - picture[..., 0] > 30).sum())


@pytest.mark.parametrize("classes", [1, 2, 20, pytest.param(80, marks=pytest.mark.slow)])
def test_every_class_has_a_panel_large_enough_to_be_read(tmp_path: Path, classes: int) -> None:
    picture = drawn(tmp_path, {f"class {number}": FALLING for number in range(classes)}, "voc07-c4@1")

    assert picture.shape[0] * picture.shape[1] > classes * 200 * 200
    assert 0.4 < picture.shape[0] / picture.shape[1] < 1.6


def test_a_class_with_a_curve_is_drawn_and_one_without_is_not(tmp_path: Path) -> None:
    assert blue(drawn(tmp_path, {"dog": FALLING})) > 5000
    assert blue(drawn(tmp_path, {"dog": NOTHING})) == 0
    assert blue(drawn(tmp_path, {"dog": ABSENT})) == 0


def test_names_are_not_taken_for_formulas(tmp_path: Path) -> None:
    drawn(tmp_path, {"a $x$ b_{": FALLING, "n" * 60: NOTHING}, "$ { $")
