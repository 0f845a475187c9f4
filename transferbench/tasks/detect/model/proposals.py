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
from transferbench.tasks.detect.model.match import Objects, draw, match_anchors
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
        logit_NA, shifts_NA4 = torch.cat(outputs, 1).split_with_sizes((1, 4), 2)
        logit_NA = logit_NA.squeeze(2)
        anchors_A4 = self.anchors([(level.shape[2], level.shape[3]) for level in maps], padded)
        with torch.no_grad():
            proposals = self._proposals(logit_NA, shifts_NA4, anchors_A4, counts=counts, sizes_N2=sizes_N2)
        if objects is None:
            return proposals, {}
        return proposals, self._losses(logit_NA, shifts_NA4, anchors_A4, sizes_N2=sizes_N2, objects=objects)

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
        self,
        logit_NA: Tensor,
        shifts_NA4: Tensor,
        anchors_A4: Tensor,
        *,
        counts: list[int],
        sizes_N2: Tensor,
    ) -> Proposals:
        rpn = self._rpn
        before, after = rpn.before_nms[not self.training], rpn.after_nms[not self.training]
        best = [level.topk(min(before, level.shape[1]), 1) for level in torch.split(logit_NA, counts, 1)]
        starts = [sum(counts[:level]) for level in self._levels]
        index_NP = torch.cat([top.indices + start for top, start in zip(best, starts, strict=True)], 1)
        score_NP = torch.cat([top.values for top in best], 1)
        of_anchor_NP4 = index_NP[:, :, None].expand(-1, -1, 4)
        boxes_NP4 = decode(shifts_NA4.gather(1, of_anchor_NP4), anchors_A4[index_NP], _WEIGHTS)
        boxes_NP4 = clip(boxes_NP4, sizes_N2[:, None])
        sides_NP2 = boxes_NP4[:, :, 2:] - boxes_NP4[:, :, :2]
        is_real_NP = ((sides_NP2 >= rpn.min_size) & (sides_NP2 > 0)).all(2)
        # A box without area overlaps nothing, so that it suppresses nothing.
        boxes_NP4 = boxes_NP4 * is_real_NP[:, :, None]
        groups = [torch.full((top.values.shape[1],), level) for level, top in enumerate(best)]
        group_NP = torch.cat(groups).to(logit_NA.device) + len(groups) * torch.arange(
            len(logit_NA), device=logit_NA.device
        ).unsqueeze(1)
        is_best_P = unsuppressed(boxes_NP4.flatten(0, 1), score_NP.flatten(), group_NP.flatten(), rpn.nms_iou)
        is_real_NP &= is_best_P.view_as(is_real_NP)
        chosen = score_NP.masked_fill(~is_real_NP, -torch.inf).topk(min(after, score_NP.shape[1]), 1).indices
        return Proposals(
            boxes_NP4.gather(1, chosen[:, :, None].expand(-1, -1, 4)), is_real_NP.gather(1, chosen)
        )

    def _losses(
        self,
        logit_NA: Tensor,
        shifts_NA4: Tensor,
        anchors_A4: Tensor,
        *,
        sizes_N2: Tensor,
        objects: Objects,
    ) -> dict[str, Tensor]:
        rpn = self._rpn
        is_inside_NA = None
        if not rpn.trains_across_border:
            is_inside_NA = (clip(anchors_A4, sizes_N2[:, None]) == anchors_A4).all(2)
        label_NA, match_NA = match_anchors(
            anchors_A4, objects, (rpn.negative_iou, rpn.positive_iou), is_inside_NA
        )
        drawn = draw(label_NA, rpn.batch, rpn.positive_fraction)
        right = int(rpn.batch * rpn.positive_fraction)  # only these have a box to go to
        index_NB, is_right_NB1 = drawn.index_NB[:, :right], drawn.is_right_NB[:, :right, None]
        target_NB4 = encode(objects.boxes_of(match_NA.gather(1, index_NB)), anchors_A4[index_NB], _WEIGHTS)
        return {
            "loss_objectness": _mean(
                F.binary_cross_entropy_with_logits(
                    logit_NA.gather(1, drawn.index_NB), drawn.is_right_NB.to(logit_NA.dtype), reduction="none"
                ),
                drawn.is_drawn_NB,
                drawn.is_drawn_NB,
            ),
            "loss_rpn_box_reg": _mean(
                F.smooth_l1_loss(
                    shifts_NA4.gather(1, index_NB[:, :, None].expand(-1, -1, 4)),
                    torch.where(is_right_NB1, target_NB4, 0),
                    beta=rpn.box_loss_beta,
                    reduction="none",
                ),
                is_right_NB1,
                drawn.is_drawn_NB,
            ),
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


def _mean(losses: Tensor, counts: Tensor, among: Tensor) -> Tensor:
    """Returns the sum of the losses that count, divided by the number of boxes that were drawn."""
    return torch.where(counts, losses, 0).sum() / among.sum().clamp(min=1)
