"""How segmentation is measured. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from transferbench.backbones.weights.asked import Use
from transferbench.engine.plan import AdamW, Plan, Poly, Sgd
from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol

Probability = Annotated[float, Field(ge=0, le=1)]

VOC_CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train"),
    "tvmonitor",
)


class Ade20kData(Schema):
    """`ADEChallengeData2016/images|annotations/<split>`; in a mask 0 is ignored, v is the class v - 1."""

    layout: Literal["ade20k"] = "ade20k"
    train: str = "training"
    score: str = "validation"
    classes: Literal["file", "present"] | tuple[str, ...] = "file"
    """`file`: every row of objectInfo150.txt; `present`: those rows of it that occur in the training masks;
    or the names of the values 1, 2, ..."""


class VocMaskData(Schema):
    """`VOCdevkit/<year>/SegmentationClass`; in a mask v is the class v, and 255 is ignored."""

    layout: Literal["voc-masks"] = "voc-masks"
    year: str = "VOC2012"
    train: str = "train"
    """Name of a list in ImageSets/Segmentation."""
    score: str = "val"
    classes: tuple[str, ...] = VOC_CLASSES
    """Names of the values 0, 1, ..."""


class Head(Schema):
    """The fully convolutional head and its auxiliary twin."""

    channels_divisor: PositiveInt = 4
    """Channels of the map over channels inside the head."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    auxiliary_weight: NonNegativeFloat = 1.0
    """Of the loss of the head on the last map but one; 0 leaves that head out."""
    output_stride: Literal[8, 16, 32] = 8
    """Input pixels for one step of the map that the head sees."""
    dilated_shortcut: Literal["identity", "pool"] = "identity"
    """What ResNet-D's shortcut does in a dilated stage: nothing, as in GluonCV, or pool, as in timm."""
    lr_scale: PositiveFloat = 10.0
    """Rate of both heads over the rate of the backbone."""
    loss_every: PositiveInt = 1
    """n to take the loss at every n-th pixel of every n-th row alone, which saves a third of a step's time
    where pictures are small and the backbone is narrow; 1 for all pixels, as in the paper."""


class Augment(Schema):
    """What is done to a training picture and its mask."""

    base_size: PositiveInt
    """Long side before the random scale, in pixels."""
    crop: PositiveInt
    """Side of the square that is trained on, in pixels; smaller pictures are padded."""
    scale: tuple[PositiveFloat, PositiveFloat] = (0.5, 2.0)
    """Smallest and largest factor on `base_size`."""
    flip: Probability = 0.5
    """Probability of a left-right flip."""
    blur: Probability = 0.0
    """Probability of a Gaussian blur, its deviation drawn from 0 to 1 pixels."""

    @model_validator(mode="after")
    def _is_ordered(self) -> Augment:
        if self.scale[0] > self.scale[1]:
            raise ValueError(f"scale: expected the smaller factor first, found {self.scale}")
        return self


class SegmentProtocol(TaskProtocol):
    """Data, head, training and scoring of a segmentation.

    Scored on whole pictures at their own size, at a single scale, from the last state of the training.
    """

    data: Annotated[Ade20kData | VocMaskData, Field(discriminator="layout")]
    plan: Plan
    head: Head = Head()
    augment: Augment
    is_backbone_frozen: bool = False
    """Whether only the heads are trained, over batch norm that keeps what pretraining left."""
    score_batch: PositiveInt = 8
    """Pictures in a batch at evaluation; the scores do not depend on it."""

    @property
    def use(self) -> Use:
        """What the backbone is loaded for."""
        return Use(self.head.output_stride, self.head.dilated_shortcut, is_dense=True)

    def with_frozen_backbone(self) -> Self:
        return self.model_copy(update={"is_backbone_frozen": True})


_SMALL_PLAN = Plan(
    epochs=12,
    batch_size=4,
    lr=0.0005,
    optimizer=AdamW(name="adamw"),
    schedule=Poly(name="poly"),
    channels_last=True,
)
"""For few pictures on small machines."""

PROTOCOLS = {
    protocol.key: protocol
    for protocol in (
        SegmentProtocol(
            name="ade20k-fcn8",
            about="ADE20K, 150 classes: FCN at output stride 8, crops of 480; single-scale scores",
            source="GluonCV's published command at its effective step, weight decay and auxiliary weight",
            data=Ade20kData(),
            plan=Plan(
                epochs=120,
                batch_size=16,
                lr=0.0025,
                optimizer=Sgd(weight_decay=4e-4),
                schedule=Poly(name="poly"),
            ),
            augment=Augment(base_size=520, crop=480, blur=0.5),
        ),
        SegmentProtocol(
            name="miniature",
            about="the miniature world's scenes of 128 pixels: FCN at output stride 8",
            source="ours; chosen on the world of seed 7, not on the one that the demo reports",
            data=Ade20kData(),
            plan=_SMALL_PLAN.model_copy(update={"epochs": 7}),
            head=Head(channels_divisor=1, lr_scale=5, loss_every=2),
            augment=Augment(base_size=128, crop=96, scale=(0.9, 1.15)),
        ),
        SegmentProtocol(
            name="camvid-small",
            about="street scenes of 240x180, 11 classes: FCN at output stride 8, crops of 160",
            source="ours",
            data=Ade20kData(classes="present"),
            plan=_SMALL_PLAN,
            head=Head(channels_divisor=1, lr_scale=5, loss_every=2),
            augment=Augment(base_size=240, crop=160, scale=(0.75, 1.5)),
        ),
        SegmentProtocol(
            name="voc-small-masks",
            about="VOC 2012 masks on small pictures, 21 classes, 255 ignored: FCN at output stride 8",
            source="ours",
            data=VocMaskData(),
            plan=_SMALL_PLAN,
            head=Head(channels_divisor=1, lr_scale=5, loss_every=2),
            augment=Augment(base_size=213, crop=160, scale=(0.75, 1.5)),
        ),
    )
}
