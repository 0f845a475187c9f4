import pytest

from tests.fabricate.records import record
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.corrected import family_size
from transferbench.reports.rows import Cell, Table
from transferbench.runs.record import Record

VALUES = {
    "B": {"coco_ap": (0.3, 0.4, 0.35), "map_area": (0.5, 0.6, 0.7), "lost_missed": (0.1, 0.2, 0.15)},
    "C": {"coco_ap": (0.4, 0.51, 0.46), "map_area": (0.6, 0.62, 0.8), "lost_missed": (0.2, 0.29, 0.26)},
    "D": {"coco_ap": (0.3, 0.41, 0.37), "map_area": (0.7, 0.8, 0.91), "lost_missed": (0.1, 0.21, 0.17)},
}


def _table() -> Table:
    runs: list[Record] = [
        record(name, "detect", seed, {score: by_seed[seed] for score, by_seed in scores.items()})
        for name, scores in VALUES.items()
        for seed in range(3)
    ]
    return compare(runs, suite="s", baseline="B").tables[0]


def _ps(table: Table, *names: str) -> dict[tuple[str, str], tuple[float, float]]:
    cells: dict[tuple[str, str], Cell] = {
        (row.recipe, name): row.cells[name] for row in table.rows[1:] for name in names
    }
    return {
        key: (cell.delta.p, cell.delta.p_holm)
        for key, cell in cells.items()
        if cell.delta and cell.delta.p is not None and cell.delta.p_holm is not None
    }


def test_the_scores_at_a_glance_are_one_family() -> None:
    ps = sorted(_ps(_table(), "detect/coco_ap", "detect/map_area").values())

    assert family_size(_table()) == len(ps) == 4
    expected = [min(1.0, (4 - rank) * p) for rank, (p, _) in enumerate(ps)]
    assert [holm for _, holm in ps] == pytest.approx([max(expected[: i + 1]) for i in range(4)])


def test_details_are_corrected_for_all_differences_of_the_table() -> None:
    every = _ps(_table(), "detect/coco_ap", "detect/map_area", "detect/lost_missed")
    details = _ps(_table(), "detect/lost_missed")

    least = min(details, key=lambda key: details[key])
    rank = sorted(p for p, _ in every.values()).index(details[least][0])
    assert details[least][1] >= (6 - rank) * details[least][0] * (1 - 1e-12)
