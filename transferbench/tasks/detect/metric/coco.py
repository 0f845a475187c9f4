"""Average precision by the rules of COCO.

Dimension key: T true objects, D detections, both over all pictures; I overlaps, R recalls, K classes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from transferbench.tasks.detect.metric.truth import Found, Truth


def coco_ap(
    truth: Truth, found: Found, pictures: int, classes: int
) -> tuple[list[float | None], list[float | None]]:
    """Returns COCO's AP of each class over IoU 0.5, 0.55, ... 0.95, and at 0.5 alone, in [0, 1].

    At most 100 detections of a class and picture count. Difficult objects are given as crowds:
    detections that lie on them are left out, missing them costs nothing.

    Args:
        truth: the objects.
        found: the detections.
        pictures: number of pictures.
        classes: number of classes.

    Source:
        pycocotools.
    """
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_coco(pictures, classes, truth), _coco(pictures, classes, found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # (IoU, recall, class, area, detections): all areas and 100 detections; -1 where a class has no object.
    precision_IRK = evaluation.eval["precision"][:, :, :, 0, 2]
    by_class = [precision_IRK[:, :, label] for label in range(classes)]
    return (
        [None if ap.max() < 0 else float(ap.mean()) for ap in by_class],
        [None if ap.max() < 0 else float(ap[0].mean()) for ap in by_class],
    )


def _coco(pictures: int, classes: int, boxes: Truth | Found) -> Any:
    from pycocotools.coco import COCO

    picture, box, label = (
        (boxes.picture_T, boxes.boxes_T4, boxes.label_T)
        if isinstance(boxes, Truth)
        else (boxes.picture_D, boxes.boxes_D4, boxes.label_D)
    )
    sides = box[:, 2:].astype(float) - box[:, :2]
    # pycocotools takes an id of 0 for "not matched".
    annotations: list[dict[str, Any]] = [
        {
            "id": number + 1,
            "image_id": int(picture[number]),
            "category_id": int(label[number]),
            "bbox": [*box[number, :2].tolist(), *sides[number].tolist()],
            "area": float(sides[number].prod()),
            "iscrowd": int(boxes.is_difficult_T[number]) if isinstance(boxes, Truth) else 0,
        }
        for number in range(len(label))
    ]
    if isinstance(boxes, Found):
        for annotation, score in zip(annotations, boxes.score_D.tolist(), strict=True):
            annotation["score"] = score
    coco = COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": number} for number in range(classes)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco
