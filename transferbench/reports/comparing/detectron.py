"""What Detectron2 writes into `metrics.json`: a line a logged step, scores in percent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from transferbench.errors import DataError
from transferbench.reports.comparing.foreign import ForeignRow, read_bytes

VocRule = Literal["detect/map_voc07", "detect/map_area"]
"""Which of our scores AP50 of Detectron2's VOC evaluator is: that of 2007, or that since."""

_BOXES, _MASKS = "bbox", "sem_seg"
_SCORES = {
    f"{_BOXES}/AP": "detect/coco_ap",
    f"{_BOXES}/AP50": "detect/coco_ap50",
    f"{_BOXES}/AP75": "detect/coco_ap75",
    f"{_BOXES}/APs": "detect/coco_ap_small",
    f"{_BOXES}/APm": "detect/coco_ap_medium",
    f"{_BOXES}/APl": "detect/coco_ap_large",
    f"{_MASKS}/mIoU": "segment/miou",
    f"{_MASKS}/fwIoU": "segment/fw_iou",
    f"{_MASKS}/mACC": "segment/mean_acc",
    f"{_MASKS}/pACC": "segment/pix_acc",
}
_OF_COCO_ALONE = {f"{_BOXES}/APs", f"{_BOXES}/APm", f"{_BOXES}/APl"}
"""Its VOC evaluator writes none of these, its COCO evaluator all, as NaN where there is no such object."""
_OF_VOC = (
    "Detectron2's VOC evaluator rounds scores to 3 and corners to 1 decimal; its AP and AP75 follow VOC's "
    "rules at other overlaps and are not COCO's: they are left out"
)


def read_detectron(
    path: Path, *, name: str, protocols: Mapping[str, str], voc_rule: VocRule | None
) -> list[ForeignRow]:
    """Returns the scores of the last evaluation, a row a task.

    Args:
        path: of `metrics.json`.
        name: of the row.
        protocols: task to the protocol that the run is said to obey.
        voc_rule: what AP50 of the VOC evaluator is; None where the name of the data set must say.

    Raises:
        DataError: the file is missing, malformed or without scores, or nothing says what its AP50 is.

    Source:
        Detectron2, `evaluation/coco_evaluation.py`, `pascal_voc_evaluation.py`, `sem_seg_evaluation.py`,
        `utils/events.py`.
    """
    content = read_bytes(path)
    evaluations = list(_evaluations(path, content))
    if not evaluations:
        raise DataError(
            f"{path}: expected lines with {_BOXES}/AP50 or {_MASKS}/mIoU, found none; take the file of a run "
            "that was evaluated"
        )
    data_sets = {evaluation.data_set for evaluation in evaluations}
    if len(data_sets) > 1:
        raise DataError(
            f"{path}: expected the scores of one data set, found {', '.join(sorted(data_sets))}; keep the "
            "lines of one of them in a file of its own"
        )
    rows = []
    for kind, task in ((_BOXES, "detect"), (_MASKS, "segment")):
        last = next((found for found in reversed(evaluations) if found.has(kind)), None)
        if last is None:
            continue
        values, remarks = _values(path, last, kind, voc_rule)
        source = f"{path}, {last.when}" + (f", {last.data_set}" if last.data_set else "")
        sha256 = hashlib.sha256(content).hexdigest()
        per_seed = {score: {0: value} for score, value in values.items()}
        protocol = protocols.get(task, "")
        rows.append(ForeignRow(name, task, protocol, per_seed, source, sha256, remarks, "flag"))
    return rows


@dataclass(frozen=True)
class _Evaluation:
    data_set: str
    """Empty where Detectron2 tested on one alone."""
    line: int
    iteration: int | None
    scores: Mapping[str, float]
    """In percent; NaN where there is nothing to score."""

    @property
    def when(self) -> str:
        """In words."""
        return f"line {self.line}" if self.iteration is None else f"iteration {self.iteration:,}"

    def has(self, kind: str) -> bool:
        """Returns whether boxes, or masks, were scored."""
        return any(key.startswith(f"{kind}/") for key in self.scores)


def _evaluations(path: Path, content: bytes) -> Iterator[_Evaluation]:
    for number, text in enumerate(content.splitlines(), start=1):
        if not text.strip():
            continue
        where = f"{path}: line {number}"
        by_data_set: dict[str, dict[str, float]] = {}
        line = _line(where, text)
        for key, value in line.items():
            *data_set, kind, score = key.split("/") if "/" in key else ("", key)
            if f"{kind}/{score}" in _SCORES:
                by_data_set.setdefault("/".join(data_set), {})[f"{kind}/{score}"] = _percent(
                    where, key, value
                )
        iteration = line.get("iteration")
        for name, scores in by_data_set.items():
            yield _Evaluation(name, number, iteration if isinstance(iteration, int) else None, scores)


def _line(where: str, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError as error:
        raise DataError(
            f"{where}: expected a JSON object a line, as Detectron2 writes them, found a fault ({error}); "
            "copy the file again, or take the line out"
        ) from error
    if not isinstance(line, dict):
        raise DataError(f"{where}: expected a JSON object, found a {type(line).__name__}; take the line out")
    return line


def _percent(where: str, key: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not (0 <= value <= 100 or value != value):
        raise DataError(
            f"{where}: {key}: expected percent from 0 to 100, or NaN, found {value!r}; take a file that "
            "Detectron2 wrote"
        )
    return float(value)


def _values(
    path: Path, found: _Evaluation, kind: str, voc_rule: VocRule | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Returns fractions by our names, and what a reader of them should know."""
    own = {key: value for key, value in found.scores.items() if key.startswith(f"{kind}/")}
    ap50 = own.get(f"{_BOXES}/AP50", float("nan"))
    if kind == _BOXES and not _OF_COCO_ALONE & own.keys():
        rule = _rule_of(found.data_set) or voc_rule
        if rule is None:
            raise DataError(
                f"{path}: line {found.line}: expected to know which rule of VOC its AP50 follows, found no "
                "year; give --protocol with one that is scored on VOC 2007, or on another year"
            )
        own, names = {f"{_BOXES}/AP50": ap50}, {f"{_BOXES}/AP50": str(rule)}
        remarks: tuple[str, ...] = (_OF_VOC,)
    else:
        names, remarks = _SCORES, ()
    values = {names[key]: value / 100 for key, value in own.items() if isfinite(value)}
    if not values:
        raise DataError(
            f"{path}: line {found.line}: expected a score, found NaN alone; take a run that was scored on "
            "pictures with objects"
        )
    return values, remarks


def _rule_of(data_set: str) -> VocRule | None:
    """Returns what the name of a data set says, as `voc_2007_test`."""
    if "voc" not in data_set.lower():
        return None
    return "detect/map_voc07" if "2007" in data_set else "detect/map_area" if "2012" in data_set else None
