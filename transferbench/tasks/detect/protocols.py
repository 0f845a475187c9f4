"""What detection is measured by: data, plan, head and settings, by name and version.

Sizes are in pixels of the resized picture unless a field says otherwise. Imports no torch.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from transferbench.backbones.weights.asked import Use
from transferbench.engine.plan import AdamW, Plan, Sgd, Step
from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol

Fraction = Annotated[float, Field(ge=0, le=1)]

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""In the order of the development kit."""


class VocData(Schema):
    """Which pictures of a folder in the VOC layout are trained on and which are scored."""

    layout: Literal["voc"] = "voc"
    train: Annotated[tuple[str, ...], Field(min_length=1)]
    """Image sets as `FOLDER/SET`, as `VOC2007/trainval`; the folder lies in `VOCdevkit` or in the root."""
    score: Annotated[tuple[str, ...], Field(min_length=1)]
    classes: tuple[str, ...] | Literal["from data"] = "from data"
    """By name, in the order of the head's outputs; `from data` sorts the names of the training objects."""


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


class Roi(Schema):
    """How the second stage is trained and what it lets through."""

    batch: PositiveInt = 512
    """Proposals of one picture that the loss is taken over."""
    positive_fraction: Fraction = 0.25
    positive_iou: Fraction = 0.5
    bins: PositiveInt = 7
    """RoIAlign pools a proposal to bins x bins, with 2 x 2 samples a bin."""
    box_loss_beta: PositiveFloat = 1 / 9
    """Where the smooth L1 loss of the box turns from square to straight, in standard deviations."""
    score_threshold: Fraction = 0.05
    nms_iou: Fraction = 0.5
    detections: PositiveInt | None = 100
    """Best detections of a picture that are kept; None keeps all."""


class C4(Schema):
    """One map at stride 16; the backbone's last stage works on what RoIAlign cuts from it."""

    name: Literal["c4"]
    anchor_sizes: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
    """Square roots of the areas of the anchors."""
    anchor_ratios: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.5, 1.0, 2.0)
    """Height over width."""
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

    data: VocData
    plan: Plan
    head: Annotated[C4 | Fpn, Field(discriminator="name")]
    short_side: PositiveInt
    """Pictures are resized to this short side ..."""
    longest_side: PositiveInt
    """... or to this long side, whichever makes them smaller."""
    flip: Fraction = 0.5
    """Share of the training pictures that are mirrored left to right."""
    norm: Literal["frozen", "trained"]
    """What the backbone's batch norm does; frozen keeps statistics and affine parameters of pretraining."""
    frozen_stages: Annotated[NonNegativeInt, Field(le=4)] = 0
    """Stages held still from the front, the stem with them; 0 trains all, the stem too."""

    @property
    def use(self) -> Use:
        """What the backbone is loaded for."""
        return Use(is_dense=True)


_SMALL_PLAN = Plan(
    epochs=3, batch_size=4, lr=0.001, optimizer=AdamW(name="adamw"), warmup_epochs=0.25, clip_norm=10.0
)
"""For few pictures on small machines."""

_MINIATURE = DetectProtocol(
    name="miniature",
    about="Faster R-CNN with a narrow pyramid on the miniature world, 128 px",
    source="ours; chosen on the world of seed 7, not on the one that the demo reports",
    data=VocData(train=("VOC2007/trainval", "VOC2012/trainval"), score=("VOC2007/test",)),
    plan=_SMALL_PLAN,
    score_batch=8,
    head=Fpn(
        name="fpn",
        channels=64,
        finest=1,
        has_pool_level=False,
        anchor_sizes=(24, 48, 88),
        canonical_size=80,
        width=256,
        rpn=Rpn(batch=128, before_nms=(200, 200), after_nms=(200, 100), positive_iou=0.6),
        roi=Roi(batch=64, bins=5),
    ),
    short_side=128,
    longest_side=192,
    norm="trained",
)

_VOC_SMALL = DetectProtocol(
    name="voc-small",
    about="Faster R-CNN with a narrow pyramid on shrunk Pascal VOC 2012, 160 px, val scored",
    source="ours, for real pictures on small machines; not comparable with published numbers",
    data=VocData(train=("VOC2012/train",), score=("VOC2012/val",), classes=VOC_CLASSES),
    plan=_SMALL_PLAN.model_copy(update={"epochs": 6}),
    score_batch=8,
    head=Fpn(
        name="fpn",
        channels=96,
        finest=1,
        has_pool_level=False,
        anchor_sizes=(32, 64, 128),
        canonical_size=96,
        width=256,
        rpn=Rpn(batch=128, before_nms=(300, 300), after_nms=(200, 100)),
        roi=Roi(batch=64, bins=5),
    ),
    short_side=160,
    longest_side=288,
    norm="trained",
)

_VOC07_C4 = DetectProtocol(
    name="voc07-c4",
    about="Faster R-CNN on stride-16 maps, VOC 2007 + 2012 trainval to VOC 2007 test",
    source=(
        "He et al. 2019, section 6.1; GluonCV 0.3, train_faster_rcnn.py. Ours differs in three points: "
        "anchors that cross the border are trained on, gradients are not clipped element by element, and "
        "suppression sees every box above the threshold, not the best 400 of a class"
    ),
    data=VocData(
        train=("VOC2007/trainval", "VOC2012/trainval"), score=("VOC2007/test",), classes=VOC_CLASSES
    ),
    plan=Plan(
        epochs=20,
        batch_size=4,
        lr=0.001,
        optimizer=Sgd(weight_decay=5e-4),
        schedule=Step(name="step", at_epochs=(14, 20)),
    ),
    head=C4(
        name="c4",
        anchor_sizes=(32, 64, 128, 256, 512),
        rpn=Rpn(before_nms=(12000, 6000), after_nms=(2000, 300), min_size=16),
        roi=Roi(batch=128, bins=14, box_loss_beta=1.0, score_threshold=0.01, nms_iou=0.3, detections=None),
    ),
    short_side=600,
    longest_side=1000,
    norm="frozen",
    frozen_stages=1,
)

_VOC07_FPN = DetectProtocol(
    name="voc07-fpn",
    about="Faster R-CNN with a pyramid, VOC 2007 + 2012 trainval to VOC 2007 test",
    source="sizes and frozen parts of voc07-c4@1, the head of Lin et al. 2017 as in torchvision; rate ours",
    data=_VOC07_C4.data,
    plan=_VOC07_C4.plan.model_copy(update={"lr": 0.005, "warmup_epochs": 0.1}),
    head=Fpn(name="fpn", anchor_sizes=(32, 64, 128, 256, 512)),
    short_side=600,
    longest_side=1000,
    norm="frozen",
    frozen_stages=1,
)

PROTOCOLS = {protocol.key: protocol for protocol in (_MINIATURE, _VOC_SMALL, _VOC07_C4, _VOC07_FPN)}
"""By name and version."""
