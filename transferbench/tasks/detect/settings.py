"""What a detection protocol may say.

Sizes are in pixels of the resized picture unless a field says otherwise. Imports no torch.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from transferbench.backbones.weights.asked import Use
from transferbench.engine.plan import Plan
from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol

_STAGES = 4

Fraction = Annotated[float, Field(ge=0, le=1)]
AnchorForm = Literal["torchvision", "released", "detectron2"]
"""How anchors are laid out: around the corner of each map pixel with rounded edges, as torchvision does;
around its centre with sides rounded at the stride, as the released code does; or around its corner with exact
sides, as Detectron2 does."""
Overlap = Literal["devkit", "no-plus-one"]
"""How the overlap of VOC's rules measures sides: `devkit` as max - min + 1 of the inclusive edges that VOC
writes, which is what exclusive edges give as they are; `no-plus-one` as max - min of the inclusive edges."""


class VocData(Schema):
    """Which pictures of a folder in the VOC layout are trained on and which are scored."""

    layout: Literal["voc"] = "voc"
    train: Annotated[tuple[str, ...], Field(min_length=1)]
    """Image sets as `FOLDER/SET`, as `VOC2007/trainval`; the folder lies in `VOCdevkit` or in the root."""
    score: Annotated[tuple[str, ...], Field(min_length=1)]
    classes: tuple[str, ...] | Literal["from data"] = "from data"
    """By name, in the order of the head's outputs; `from data` sorts the names of the training objects."""


class CocoSet(Schema):
    """One split: a file of annotations and the folder of its pictures, relative to the data folder."""

    annotations: str
    """As `annotations/instances_val2017.json`."""
    pictures: str
    """As `val2017`; the file's `file_name` is looked for in it."""


class CocoData(Schema):
    """Which pictures of a folder in the COCO layout are trained on and which are scored."""

    layout: Literal["coco"]
    train: CocoSet
    score: CocoSet
    classes: tuple[str, ...] | Literal["from data"] = "from data"
    """By name, in the order of the head's outputs; `from data` takes the file's categories by their ids."""


class Rpn(Schema):
    """How proposals are trained and chosen; each pair is (while training, while scoring)."""

    batch: PositiveInt = 256
    """Anchors of one picture that the loss is taken over."""
    positive_fraction: Fraction = 0.5
    before_nms: tuple[PositiveInt, PositiveInt] = (2000, 1000)
    """Best anchors of each map that suppression is given."""
    after_nms: tuple[PositiveInt, PositiveInt] = (2000, 1000)
    """Proposals of a picture."""
    nms_iou: Fraction = 0.7
    positive_iou: Fraction = 0.7
    negative_iou: Fraction = 0.3
    min_size: NonNegativeFloat = 1e-3
    """Smaller proposals are dropped."""
    trains_across_border: bool = True
    """Whether anchors that reach out of the picture are trained on; the released code leaves them out."""
    box_loss_beta: NonNegativeFloat = 1 / 9
    """Where the smooth L1 loss of the box turns from square to straight; 0 is straight throughout."""


class Roi(Schema):
    """How the second stage is trained and what it lets through."""

    batch: PositiveInt = 512
    """Proposals of one picture that the loss is taken over."""
    positive_fraction: Fraction = 0.25
    positive_iou: Fraction = 0.5
    bins: PositiveInt = 7
    """RoIAlign pools a proposal to bins x bins."""
    samples: NonNegativeInt = 2
    """Taken along each side of a bin; 0 takes as many as the bin has map pixels."""
    aligned: bool = False
    """Whether RoIAlign moves by half a map pixel, as Detectron2 does; torchvision and GluonCV do not."""
    box_loss_beta: NonNegativeFloat = 1 / 9
    """Where the smooth L1 loss of the box turns from square to straight, in standard deviations; 0 is
    straight throughout."""
    score_threshold: Fraction = 0.05
    nms_iou: Fraction = 0.5
    before_nms: PositiveInt | None = None
    """Best boxes of each class that suppression is given; None gives it all."""
    detections: PositiveInt | None = 100
    """Best detections of a picture that are kept; None keeps all."""


class C4(Schema):
    """One map at stride 16; the backbone's last stage works on what RoIAlign cuts from it."""

    name: Literal["c4"]
    anchor_sizes: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
    """Square roots of the areas of the anchors."""
    anchor_ratios: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.5, 1.0, 2.0)
    """Height over width."""
    anchor_form: AnchorForm = "torchvision"
    rpn: Rpn = Rpn()
    roi: Roi = Roi(bins=14)


class Fpn(Schema):
    """A pyramid over the backbone's maps; two linear layers work on what RoIAlign cuts from it."""

    name: Literal["fpn"]
    channels: PositiveInt = 256
    finest: Annotated[NonNegativeInt, Field(le=3)] = 0
    """First map of the backbone that takes part; 0 is stride 4, 1 is stride 8."""
    has_pool_level: bool = True
    """Whether proposals also come from a map of twice the coarsest stride."""
    anchor_sizes: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
    """One a map of the pyramid, finest first: square roots of the areas of the anchors."""
    anchor_ratios: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.5, 1.0, 2.0)
    """Height over width."""
    anchor_form: AnchorForm = "torchvision"
    canonical_size: PositiveFloat = 224.0
    """A proposal whose area has this square root is cut from stride 16, half of it from stride 8."""
    width: PositiveInt = 1024
    """Outputs of each linear layer."""
    rpn: Rpn = Rpn()
    roi: Roi = Roi()

    @model_validator(mode="after")
    def _one_size_a_map(self) -> Fpn:
        maps = 4 - self.finest + self.has_pool_level
        if len(self.anchor_sizes) != maps:
            raise ValueError(
                f"anchor_sizes: expected one for each of {maps} maps, got {len(self.anchor_sizes)}"
            )
        return self


class DetectProtocol(TaskProtocol):
    """A way to measure detection: Faster R-CNN on a data set."""

    data: Annotated[VocData | CocoData, Field(discriminator="layout")]
    plan: Plan
    head: Annotated[C4 | Fpn, Field(discriminator="name")]
    short_side: PositiveInt
    """Pictures are resized to this short side ..."""
    train_short_sides: tuple[PositiveInt, ...] = ()
    """... while training to one of these, drawn for each picture anew; empty for the one above ..."""
    longest_side: PositiveInt
    """... or to this long side, whichever makes them smaller."""
    flip: Fraction = 0.5
    """Share of the training pictures that are mirrored left to right."""
    norm: Literal["frozen", "trained"]
    """What the backbone's batch norm does; frozen keeps statistics and affine parameters of pretraining."""
    overlap: Overlap = "devkit"
    frozen_stages: Annotated[NonNegativeInt, Field(le=_STAGES)] = 0
    """Stages held still from the front, the stem with them; 0 trains all, the stem too."""

    @property
    def use(self) -> Use:
        """What the backbone is loaded for."""
        return Use(is_dense=True)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Of a picture of 4:3."""
        return self.short_side, min(self.longest_side, self.short_side * 4 // 3)

    def with_frozen_backbone(self) -> Self:
        return self.model_copy(update={"norm": "frozen", "frozen_stages": _STAGES})
