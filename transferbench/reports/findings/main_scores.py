"""Which score of a table answers the question."""

from __future__ import annotations

from transferbench.reports.rows import Table

_MAIN = {
    "classify": ("classify/top1",),
    "detect": ("detect/map_voc07", "detect/map_area", "detect/coco_ap50", "detect/coco_ap"),
    "segment": ("segment/miou", "segment/pix_acc"),
}
_OF_COCO = ("detect/coco_ap", "detect/coco_ap50", "detect/map_area")


def main_score(table: Table) -> str | None:
    """Returns the name of the score that stands for a table; None where it has none.

    Of detection it is the 11-point AP, the paper's, but COCO's own AP by a protocol of COCO.
    """
    wanted = _OF_COCO if table.task == "detect" and table.protocol.startswith("coco") else _MAIN[table.task]
    return next((name for name in (*wanted, *table.columns) if name in table.columns), None)
