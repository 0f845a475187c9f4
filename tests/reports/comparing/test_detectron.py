"""The last evaluation in Detectron2's metrics, by our names, or a fault with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from transferbench.errors import DataError
from transferbench.reports.comparing.detectron import VocRule, read_detectron
from transferbench.reports.comparing.foreign import ForeignRow

COCO = {"AP": 40.0, "AP50": 60.5, "AP75": 43.0, "APs": 20.0, "APm": 44.0, "APl": 50.0, "AP-person": 51.0}
VOC = {"AP": 50.1, "AP50": 79.3, "AP75": 55.2}
STEP = {"iteration": 19, "total_loss": 1.5, "lr": 0.01}


def line(scores: dict[str, float], *, iteration: int = 99, prefix: str = "bbox/") -> dict[str, Any]:
    return {"iteration": iteration, "lr": 0.01, **{f"{prefix}{key}": value for key, value in scores.items()}}


def rows_of(folder: Path, *lines: dict[str, Any] | str, voc_rule: VocRule | None = None) -> list[ForeignRow]:
    texts = [text if isinstance(text, str) else json.dumps(text) for text in lines]
    (folder / "metrics.json").write_text("\n".join(texts) + "\n")
    protocols = {"detect": "coco-fpn@1"}
    return read_detectron(folder / "metrics.json", name="r50", protocols=protocols, voc_rule=voc_rule)


def complaint(folder: Path, *lines: dict[str, Any] | str) -> str:
    with pytest.raises(DataError) as caught:
        rows_of(folder, *lines)
    return str(caught.value).removeprefix(f"{folder / 'metrics.json'}: ")


def test_cocos_scores_are_fractions_by_our_names(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, STEP, line(COCO))

    assert (row.name, row.task, row.protocol, row.remarks) == ("r50", "detect", "coco-fpn@1", ())
    assert row.told_by == "flag"
    assert row.values == {
        "detect/coco_ap": {0: 0.4},
        "detect/coco_ap50": {0: 0.605},
        "detect/coco_ap75": {0: 0.43},
        "detect/coco_ap_small": {0: 0.2},
        "detect/coco_ap_medium": {0: 0.44},
        "detect/coco_ap_large": {0: 0.5},
    }


def test_the_last_evaluation_counts_though_steps_follow_it(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, line(COCO | {"AP": 10.0}, iteration=9), line(COCO, iteration=1999), STEP)

    assert row.values["detect/coco_ap"] == {0: 0.4}
    assert row.source == f"{tmp_path / 'metrics.json'}, iteration 1,999"


def test_a_size_without_objects_is_left_out(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, line(COCO | {"APs": float("nan")}))

    assert "detect/coco_ap_small" not in row.values
    assert row.values["detect/coco_ap"] == {0: 0.4}


@pytest.mark.parametrize("rule", ["detect/map_voc07", "detect/map_area"])
def test_ap50_of_the_voc_evaluator_is_what_was_declared_and_its_ap_is_not_cocos(
    tmp_path: Path, rule: VocRule
) -> None:
    (row,) = rows_of(tmp_path, line(VOC), voc_rule=rule)

    assert row.values == {rule: {0: pytest.approx(0.793)}}
    assert row.remarks[0].startswith("Detectron2's VOC evaluator rounds scores to 3 and corners to 1 decimal")


@pytest.mark.parametrize(
    ("data_set", "score"),
    [("voc_2007_test", "detect/map_voc07"), ("voc_2012_val", "detect/map_area")],
)
def test_the_year_in_the_name_of_the_data_set_goes_before_what_was_declared(
    tmp_path: Path, data_set: str, score: str
) -> None:
    other: VocRule = "detect/map_area" if score == "detect/map_voc07" else "detect/map_voc07"

    (row,) = rows_of(tmp_path, line(VOC, prefix=f"{data_set}/bbox/"), voc_rule=other)

    assert list(row.values) == [score]
    assert row.source.endswith(f"iteration 99, {data_set}")


def test_masks_are_a_row_of_segmentation(tmp_path: Path) -> None:
    scores = {"mIoU": 40.0, "fwIoU": 65.0, "mACC": 50.0, "pACC": 80.0, "IoU-wall": 70.0}

    (row,) = rows_of(tmp_path, line(scores, prefix="sem_seg/"))

    assert (row.task, row.protocol) == ("segment", "")
    assert {name: values[0] for name, values in row.values.items()} == {
        "segment/miou": 0.4,
        "segment/fw_iou": 0.65,
        "segment/mean_acc": 0.5,
        "segment/pix_acc": 0.8,
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"iteration": 3, "bbox/AP', "line 2: expected a JSON object a line, as Detectron2 writes them"),
        ("[1]", "line 2: expected a JSON object, found a list"),
        (
            '{"bbox/AP50": "79"}',
            "line 2: bbox/AP50: expected percent from 0 to 100, or NaN, found '79'",
        ),
        ('{"bbox/AP50": 790}', "line 2: bbox/AP50: expected percent from 0 to 100, or NaN, found 790"),
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, text: str, fault: str) -> None:
    assert complaint(tmp_path, STEP, text).startswith(fault)


def test_a_voc_evaluation_of_no_year_is_refused(tmp_path: Path) -> None:
    told = complaint(tmp_path, STEP, line(VOC))

    assert told.startswith("line 2: expected to know which rule of VOC its AP50 follows, found no year")


def test_no_evaluation_several_data_sets_and_nan_alone_are_told(tmp_path: Path) -> None:
    two = line(COCO, prefix="a/bbox/") | line(COCO, prefix="b/bbox/")

    assert complaint(tmp_path, STEP).startswith("expected lines with bbox/AP50 or sem_seg/mIoU, found none")
    assert complaint(tmp_path, two).startswith("expected the scores of one data set, found a, b")
    assert "found NaN alone" in complaint(tmp_path, line(dict.fromkeys(COCO, float("nan"))))
