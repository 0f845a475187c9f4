import json
from typing import Any

from tests.fabricate.records import demo, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.words.as_json import to_json


def _json(records: Any, **wishes: Any) -> dict[str, Any]:
    """Returns what a script reads back."""
    comparison = compare(records, suite="mini", baseline="B", **wishes)
    content: dict[str, Any] = json.loads(json.dumps(to_json(comparison), allow_nan=False))
    return content


def test_json_has_the_shape_that_scripts_rely_on() -> None:
    content = _json(demo())

    assert list(content) == ["suite", "baseline", "tables", "claims", "gates", "failures", "notes"]
    assert [(table["task"], table["protocol"], table["baseline"]) for table in content["tables"]] == [
        ("classify", "miniature@1", "B"),
        ("detect", "miniature@1", "B"),
        ("segment", "miniature@1", "B"),
    ]
    assert set(content["tables"][0]["rows"][0]) == {
        *("recipe", "is_foreign", "mark", "scores", "cost", "outlay"),
    }


def test_a_cell_is_this() -> None:
    rows = _json(top1("B", 0.25, paper={"classify/top1": 0.7616}) + top1("D", 0.5))["tables"][0]["rows"]

    assert rows[1]["scores"]["classify/top1"] == {
        "mean": 0.5,
        "sd": None,
        "n": 1,
        "values": [0.5],
        "seeds": [0],
        "over_pictures": None,
        "delta": {"mean": 0.25, "low": None, "high": None, "p": None, "n": 1, "p_holm": None},
        "delta_over_pictures": None,
        "equivalence": None,
        "paper": None,
        "paper_sd": None,
    }


def test_a_mark_and_a_foreign_row_are_there() -> None:
    theirs = ForeignRow("theirs", "classify", "", {"classify/top1": {0: 0.5}}, "x.csv", "f" * 64)
    other = top1("D", 0.5, data={"fingerprint": "b" * 64})

    _, marked, foreign = _json(top1("B", 0.5) + other, foreign=[theirs])["tables"][0]["rows"]

    assert marked["mark"] == {"reason": "saw data bbbbbbbbbbbb, B saw aaaaaaaaaaaa", "is_comparable": False}
    assert (foreign["is_foreign"], foreign["cost"], foreign["outlay"]) == (True, None, None)
