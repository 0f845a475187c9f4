"""The first stage: which boxes of a picture may hold an object.

Dimension key: N images, A anchors of all maps, P proposals of an image (filled up), C channels,
H x W map pixels.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.rpn import RPNHead

from transferbench.tasks.detect.model.anchors import cell_anchors, grid_anchors
from transferbench.tasks.detect.model.coder import clip, decode, encode
from transferbench.tasks.detect.model.match import Objects, draw, match_anchors, rows_of
from transferbench.tasks.detect.model.suppress import unsuppressed
from transferbench.tasks.detect.model.widen import Widened
from transferbench.tasks.detect.settings import C4, Fpn

_WEIGHTS = (1.0, 1.0)


@dataclass(frozen=True)
class Proposals:
    """Boxes of each picture of a batch, best first."""

    boxes_NP4: Tensor
    is_real_NP: Tensor
    """False for those that fill a picture up to the number that others have."""


class ProposalNetwork(nn.Module):
    """Looks at each place of each map whether its anchors hold an object, and how they should be moved."""

    def __init__(self, head: C4 | Fpn, channels: int, strides: Sequence[int]) -> None:
        """Takes the settings.

        Args:
            head: of the protocol.
            channels: of the maps.
            strides: of the maps, finest first.
        """
        super().__init__()
        self._rpn = head.rpn
        sizes = (head.anchor_sizes,) if isinstance(head, C4) else tuple((size,) for size in head.anchor_sizes)
        self._levels = range(len(sizes))
        for level, (own, stride) in enumerate(zip(sizes, strides, strict=True)):
            cells_A4 = cell_anchors(head.anchor_form, own, head.anchor_ratios, stride)
            self.register_buffer(f"cells_{level}", cells_A4, persistent=False)
        self.head = Widened(_Outputs(channels, len(sizes[0]) * len(head.anchor_ratios)))

    def forward(
        self,
        maps: Sequence[Tensor],
        sizes_N2: Tensor,
        padded: tuple[int, int],
        objects: Objects | None = None,
    ) -> tuple[Proposals, dict[str, Tensor]]:
        """Returns the proposals, and the two losses if there are objects to compare with.

        Args:
            maps: maps_NCHW, finest first.
            sizes_N2: (height, width) of each picture without what it is padded with.
            padded: (height, width) of the batch.
            objects: of the batch.
        """
        outputs: list[Tensor] = self.head(list(maps))
        counts = [level_NA5.shape[1] for level_NA5 in outputs]
        output_NA5 = torch.cat(outputs, 1)
        anchors_A4 = self.anchors([(level.shape[2], level.shape[3]) for level in maps], padded)
        proposals = self._proposals(output_NA5.detach(), anchors_A4, counts, sizes_N2)
        if objects is None:
            return proposals, {}
        return proposals, self._losses(output_NA5, anchors_A4, sizes_N2, objects)

    def anchors(self, places: Sequence[tuple[int, int]], padded: tuple[int, int]) -> Tensor:
        """Returns the anchors of all maps, (A, 4).

        Args:
            places: rows and columns of each map.
            padded: (height, width) of the batch.
        """
        grids = [
            # torchvision's steps, which fall short of the stride where the batch is no multiple of it.
            grid_anchors(self.get_buffer(f"cells_{level}"), own, (padded[0] // own[0], padded[1] // own[1]))
            for level, own in zip(self._levels, places, strict=True)
        ]
        return torch.cat(grids)

    def _proposals(
        self, output_NA5: Tensor, anchors_A4: Tensor, counts: list[int], sizes_N2: Tensor
    ) -> Proposals:
        rpn = self._rpn
        before, after = rpn.before_nms[not self.training], rpn.after_nms[not self.training]
        levels = torch.split(output_NA5[:, :, 0], counts, 1)
        best = [logit_NA.topk(min(before, logit_NA.shape[1]), 1) for logit_NA in levels]
        starts = [sum(counts[:level]) for level in self._levels]
        index_NP = torch.cat([top.indices + start for top, start in zip(best, starts, strict=True)], 1)
        score_NP = torch.cat([top.values for top in best], 1)
        boxes_NP4 = decode(rows_of(output_NA5, index_NP)[:, :, 1:], anchors_A4[index_NP], _WEIGHTS)
        boxes_NP4 = clip(boxes_NP4, sizes_N2[:, None])
        sides_NP2 = boxes_NP4[:, :, 2:] - boxes_NP4[:, :, :2]
        is_real_NP = ((sides_NP2 >= rpn.min_size) & (sides_NP2 > 0)).all(2)
        # A box without area overlaps nothing, so that it suppresses nothing.
        boxes_NP4 = boxes_NP4 * is_real_NP[:, :, None]
        level_P = torch.cat([torch.full_like(top.indices[0], level) for level, top in enumerate(best)])
        pictures_N1 = torch.arange(len(output_NA5), device=level_P.device)[:, None]
        group_NP = level_P + len(best) * pictures_N1
        is_best_P = unsuppressed(boxes_NP4.flatten(0, 1), score_NP.flatten(), group_NP.flatten(), rpn.nms_iou)
        is_real_NP &= is_best_P.view_as(is_real_NP)
        chosen = score_NP.masked_fill(~is_real_NP, -torch.inf).topk(min(after, score_NP.shape[1]), 1).indices
        return Proposals(rows_of(boxes_NP4, chosen), is_real_NP.gather(1, chosen))

    def _losses(
        self, output_NA5: Tensor, anchors_A4: Tensor, sizes_N2: Tensor, objects: Objects
    ) -> dict[str, Tensor]:
        rpn = self._rpn
        is_inside_NA = None
        if not rpn.trains_across_border:
            is_inside_NA = (clip(anchors_A4, sizes_N2[:, None]) == anchors_A4).all(2)
        label_NA, match_NA = match_anchors(
            anchors_A4, objects, (rpn.negative_iou, rpn.positive_iou), is_inside_NA
        )
        drawn = draw(label_NA, rpn.batch, rpn.positive_fraction)
        is_right_NB1 = drawn.is_right_NB[:, :, None]
        objects_NB4 = rows_of(objects.boxes_NT4, match_NA.gather(1, drawn.index_NB))
        target_NB4 = encode(objects_NB4, anchors_A4[drawn.index_NB], _WEIGHTS)
        logit_NB1, shifts_NB4 = rows_of(output_NA5, drawn.index_NB).split_with_sizes((1, 4), 2)
        objectness_NB1 = F.binary_cross_entropy_with_logits(
            logit_NB1, is_right_NB1.to(logit_NB1.dtype), reduction="none"
        )
        boxes_NB4 = F.smooth_l1_loss(
            shifts_NB4, torch.where(is_right_NB1, target_NB4, 0), beta=rpn.box_loss_beta, reduction="none"
        )
        drawn_count = drawn.is_drawn_NB.sum().clamp(min=1)
        return {
            "loss_objectness": torch.where(drawn.is_drawn_NB[:, :, None], objectness_NB1, 0).sum()
            / drawn_count,
            "loss_rpn_box_reg": torch.where(is_right_NB1, boxes_NB4, 0).sum() / drawn_count,
        }


class _Outputs(RPNHead):  # type: ignore[misc]
    """torchvision's layers, the last two of which, each of few channels, work as one."""

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Returns the logit and the shifts of each anchor of each map, place by place, (N, A, 5)."""
        layers = (self.cls_logits, self.bbox_pred)
        anchors = self.cls_logits.out_channels
        # Ordered anchor by anchor, so that what belongs to one lies side by side.
        weight, bias = (
            torch.cat([getattr(layer, name).unflatten(0, (anchors, -1)) for layer in layers], 1).flatten(0, 1)
            for name in ("weight", "bias")
        )
        found = [F.conv2d(self.conv(map_NCHW), weight, bias) for map_NCHW in maps]
        return [map_NCHW.permute(0, 2, 3, 1).reshape(len(map_NCHW), -1, 5) for map_NCHW in found]
