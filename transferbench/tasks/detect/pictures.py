"""Pictures with the boxes of detections, alone or beside the truth.

Dimension key: H x W pixels, R boxes, D detections of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from transferbench.tasks.detect.marks import Line, Mark, explained, marked
from transferbench.tasks.detect.metric.agreement import matches
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.drawing import Colour, beside

_GOLDEN_TURN = 0.618034
"""Steps of this share of the colour circle keep neighbours apart, however many there are."""
# Told apart by the colour-blind too, and by their lines without any colour.
_RIGHT: tuple[Colour, Line] = (86, 180, 233), "solid"
_WRONG: tuple[Colour, Line] = (240, 150, 30), "dashed"
_DIFFICULT: tuple[Colour, Line] = (215, 215, 215), "dotted"
_LEGEND = (
    ("found", _RIGHT),
    ("wrong or missed", _WRONG),
    ("difficult: does not count", _DIFFICULT),
)


def draw_detections(
    rgb_HW3: np.ndarray,
    boxes_R4: np.ndarray,
    labels_R: np.ndarray,
    scores_R: np.ndarray,
    classes: Sequence[str],
) -> Image.Image:
    """Returns a picture, enlarged if it is small, with its detections, each class in its colour.

    Args:
        rgb_HW3: the picture.
        boxes_R4: in its pixels.
        labels_R: index of the class.
        scores_R: in [0, 1]; the best lies on top.
        classes: names in the order of labels.
    """
    captions = _captions(labels_R, scores_R, classes)
    marks = [
        Mark(boxes_R4[r].tolist(), captions[r], class_colour(int(labels_R[r])))
        for r in np.argsort(scores_R, kind="stable")
    ]
    return marked(rgb_HW3, marks)


def draw_comparison(
    rgb_HW3: np.ndarray, truth: Truth, found: Found, classes: Sequence[str], *, title: str = ""
) -> Image.Image:
    """Returns the truth and, beside it, the detections, each with what became of it.

    A detection is right on an object of its class at IoU 0.5 that no better one has found, see `matches`.

    Args:
        rgb_HW3: the picture.
        truth: the objects of this picture, see `Truth.of`.
        found: the detections in it that are to be seen, see `Found.of`.
        classes: names in the order of labels.
        title: above all, as the picture's name.
    """
    # One picture's boxes, whatever its number is.
    truth = Truth(np.zeros_like(truth.picture_T), truth.boxes_T4, truth.label_T, truth.is_difficult_T)
    found = Found(np.zeros_like(found.picture_D), found.boxes_D4, found.label_D, found.score_D)
    matched = matches(truth, found)
    is_missed_T = ~matched.is_found_T & ~truth.is_difficult_T
    is_wrong_D = (matched.object_D < 0) & ~matched.is_left_out_D
    objects = _marks(
        truth.boxes_T4,
        [classes[label] for label in truth.label_T.tolist()],
        (is_missed_T, "missed: "),
        (truth.is_difficult_T, "difficult: "),
    )
    detections = _marks(
        found.boxes_D4,
        _captions(found.label_D, found.score_D, classes),
        (is_wrong_D, "wrong: "),
        (matched.is_left_out_D, "difficult: "),
    )
    worst_first = np.argsort(found.score_D, kind="stable")
    counted = int((~truth.is_difficult_T).sum())
    headings = (
        f"truth: {_count(counted, 'object')}, {int(is_missed_T.sum())} missed",
        f"predicted: {_count(len(found.label_D), 'detection')}, {int(is_wrong_D.sum())} wrong",
    )
    legend = [explained(text, *look) for text, look in _LEGEND]
    panels = marked(rgb_HW3, objects), marked(rgb_HW3, [detections[d] for d in worst_first])
    return beside(list(zip(headings, panels, strict=True)), title=title, legend=legend)


def class_colour(label: int) -> Colour:
    """Returns the colour of a class, light enough for black letters, as RGB bytes."""
    red, green, blue = colorsys.hsv_to_rgb(label * _GOLDEN_TURN % 1, 0.65, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def draw_boxes(
    rgb_HW3: np.ndarray, boxes_R4: np.ndarray, captions: Sequence[str], labels_R: np.ndarray
) -> Image.Image:
    """Returns a picture, enlarged if it is small, with a box and a caption for each object."""
    boxes = zip(boxes_R4.tolist(), captions, labels_R.tolist(), strict=True)
    return marked(rgb_HW3, [Mark(box, caption, class_colour(label)) for box, caption, label in boxes])


def _captions(labels_R: np.ndarray, scores_R: np.ndarray, classes: Sequence[str]) -> list[str]:
    return [
        f"{classes[label]} {score:.2f}"
        for label, score in zip(labels_R.tolist(), scores_R.tolist(), strict=True)
    ]


def _marks(
    boxes_R4: np.ndarray,
    captions: Sequence[str],
    failed: tuple[np.ndarray, str],
    difficult: tuple[np.ndarray, str],
) -> list[Mark]:
    marks = []
    for box, caption, is_failed, is_difficult in zip(
        boxes_R4.tolist(), captions, failed[0].tolist(), difficult[0].tolist(), strict=True
    ):
        if is_difficult:
            marks.append(Mark(box, difficult[1] + caption, *_DIFFICULT))
        elif is_failed:
            marks.append(Mark(box, failed[1] + caption, *_WRONG))
        else:
            marks.append(Mark(box, caption, *_RIGHT))
    return marks


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
