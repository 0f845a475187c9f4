"""The best boxes of groups, and those that overlap none better.

Dimension key: R boxes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import batched_nms, nms


def best_of_groups(score_R: Tensor, group_R: Tensor, limit: int | None) -> Tensor:
    """Returns the indices of boxes group by group, in each the best first.

    Args:
        score_R: the higher the better; equal ones stay in order.
        group_R: number of the group of each box, from 0.
        limit: boxes of a group that are kept; None for all.
    """
    order_R = score_R.argsort(descending=True, stable=True)
    order_R = order_R[group_R[order_R].argsort(stable=True)]
    if limit is None:
        return order_R
    group_R = group_R[order_R]
    counts = torch.bincount(group_R)
    rank_R = torch.arange(len(group_R), device=group_R.device) - (counts.cumsum(0) - counts)[group_R]
    return order_R[rank_R < limit]


def unsuppressed(boxes_R4: Tensor, score_R: Tensor, group_R: Tensor, iou: float) -> Tensor:
    """Returns whether each box overlaps no better one of its group by more than `iou`.

    Args:
        boxes_R4: group by group.
        score_R: the higher the better.
        group_R: number of the group of each box.
        iou: in [0, 1].
    """
    is_kept_R = torch.zeros_like(group_R, dtype=torch.bool)
    if boxes_R4.is_cuda:
        is_kept_R[batched_nms(boxes_R4, score_R, group_R, iou)] = True
        return is_kept_R
    # One call a group: torchvision's batched form compares across groups, or looks for each among all boxes.
    counts = torch.unique_consecutive(group_R, return_counts=True)[1].tolist()
    start = 0
    for boxes, scores in zip(torch.split(boxes_R4, counts), torch.split(score_R, counts), strict=True):
        is_kept_R[nms(boxes, scores, iou) + start] = True
        start += len(boxes)
    return is_kept_R
