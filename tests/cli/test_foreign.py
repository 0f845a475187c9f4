"""`compare --foreign`: files of other tools become rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fabricate.toml import write_toml
from tests.fabricate.voc import write_voc
from tests.tasks.detect.tiny import protocol
from transferbench.cli.foreign import foreign_rows
from transferbench.errors import ConfigError, DataError

VOC_LINE = json.dumps({"iteration": 9, "bbox/AP": 50.0, "bbox/AP50": 79.3, "bbox/AP75": 55.0})


def test_a_table_gives_its_rows_by_the_protocol_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("recipe,score,percent\na,detect/map_voc07,79.3\n")

    (row,) = foreign_rows([str(tmp_path / "x.csv")], protocol="voc07-c4@1 (frozen-backbone)")

    assert (row.name, row.protocol) == ("a", "voc07-c4@1 (frozen-backbone)")


@pytest.mark.parametrize(
    ("rules", "score"), [("voc07-c4@1", "detect/map_voc07"), ("voc12@1.toml", "detect/map_area")]
)
def test_the_protocol_says_which_rule_of_voc_ap50_follows(tmp_path: Path, rules: str, score: str) -> None:
    data = protocol().data.model_copy(update={"score": ("VOC2012/val",)})
    later = protocol(data=data).model_dump(mode="json", exclude={"name"})
    write_toml(tmp_path / "voc12@1.toml", later)
    (tmp_path / "metrics.json").write_text(f"{VOC_LINE}\n")
    named = str(tmp_path / rules) if rules.endswith(".toml") else rules

    (row,) = foreign_rows([f"d2={tmp_path / 'metrics.json'}"], protocol=named)

    assert (row.name, list(row.values)) == ("d2", [score])


def test_metrics_without_a_name_are_called_after_their_folder(tmp_path: Path) -> None:
    (tmp_path / "r50").mkdir()
    (tmp_path / "r50" / "metrics.json").write_text(f"{VOC_LINE}\n")

    (row,) = foreign_rows([str(tmp_path / "r50" / "metrics.json")], protocol="voc07-c4@1")

    assert row.name == "r50"


def test_detections_are_scored_on_their_data(tmp_path: Path) -> None:
    write_voc(tmp_path)
    rules = protocol()
    data = rules.data.model_copy(update={"classes": ("cat", "dog")})
    write_toml(tmp_path / "tiny.toml", protocol(data=data).model_dump(mode="json", exclude={"name"}))
    found = {"image_id": "000100", "category_id": 2, "bbox": [4, 4, 16, 20], "score": 0.9}
    (tmp_path / "results.json").write_text(json.dumps([found]))

    (row,) = foreign_rows(
        [f"theirs={tmp_path / 'results.json'}"], protocol=str(tmp_path / "tiny.toml"), data=tmp_path
    )

    assert (row.name, row.task, row.protocol) == ("theirs", "detect", "tiny@1")
    assert row.values["detect/map_area"] == {0: pytest.approx(0.25)}
    assert row.source == f"{tmp_path / 'results.json'}, scored here on {tmp_path}"
    assert row.told_by == "scoring"


def test_predictions_without_protocol_or_data_and_these_without_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("[]")
    files = [str(tmp_path / "results.json")]

    with pytest.raises(ConfigError, match=r"expected --protocol NAME and --data DIR .*, found no --protocol"):
        foreign_rows(files)
    with pytest.raises(ConfigError, match=r"expected --protocol NAME and --data DIR .*, found no --data"):
        foreign_rows(files, protocol="voc07-c4@1")
    with pytest.raises(ConfigError, match="--data: expected it with --foreign FILE, found no such file"):
        foreign_rows([], data=tmp_path)


def test_an_unknown_protocol_a_needless_name_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("recipe,score,percent\na,detect/map_voc07,79.3\n")
    table = str(tmp_path / "x.csv")

    with pytest.raises(ConfigError, match="voc7"):
        foreign_rows([table], protocol="voc7-c4@1")
    with pytest.raises(ConfigError, match=f"--foreign mine={table}: expected no name before a table"):
        foreign_rows([f"mine={table}"])
    with pytest.raises(DataError, match=r"none\.json: expected a file of scores, found 'No such file"):
        foreign_rows([str(tmp_path / "none.json")])
