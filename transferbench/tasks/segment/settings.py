"""What a segmentation protocol may say.

Sizes are in pixels. Imports no torch.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from transferbench.backbones.weights.asked import Use
from transferbench.engine.plan import Plan
from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol

Probability = Annotated[float, Field(ge=0, le=1)]
MaskValue = Annotated[int, Field(ge=0, le=255)]
Side = Literal["long", "short"]

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


class CityscapesData(Schema):
    """`leftImg8bit/<split>/<city>` and `gtFine/<split>/<city>/*_gtFine_labelIds.png`.

    Of the 34 ids the usual 19 count, the others are ignored.
    """

    layout: Literal["cityscapes"] = "cityscapes"
    train: str = "train"
    score: str = "val"


class FolderSet(Schema):
    """One split: two folders, relative to the data folder, in which files of one name are a pair."""

    pictures: str
    """As `images/train`; folders within it are searched too, and have to be there among the masks as well."""
    masks: str
    """As `masks/train`."""


class FolderData(Schema):
    """Any folders of pictures and masks."""

    layout: Literal["folder"]
    train: FolderSet
    score: FolderSet
    classes: str | tuple[str, ...]
    """A file in the data folder with a class a line, as `road`, `7 road` or `7 road #804080`: its value in a
    mask and its colour may be left out. Or the names."""
    first_value: MaskValue = 0
    """In a mask, of the first class where values are not given; the others follow."""
    ignored: tuple[MaskValue, ...] = (255,)
    """Values in a mask that are no class."""
    mask_ending: str = ".png"
    """What the name of a mask has after that of its picture, as `_mask.png`."""


MaskData = Annotated[Ade20kData | VocMaskData | CityscapesData | FolderData, Field(discriminator="layout")]


class Head(Schema):
    """The two heads of the network and the loss over them."""

    channels_divisor: PositiveInt = 4
    """Channels of the map over channels inside the head."""
    convolutions: PositiveInt = 1
    """Of 3x3, before the last one of 1x1; the auxiliary head has one."""
    joins_map: bool = False
    """Whether one more 3x3 convolution sees the map again beside what the others made of it."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    auxiliary_weight: NonNegativeFloat = 1.0
    """Of the loss of the head on the last map but one; 0 leaves that head out."""
    output_stride: Literal[8, 16, 32] = 8
    """Input pixels for one step of the map that the head sees."""
    dilated_shortcut: Literal["identity", "pool"] = "identity"
    """What ResNet-D's shortcut does in a dilated stage: nothing, as in GluonCV, or pool, as in timm."""
    aligns_corners: bool = True
    """Whether the corner steps of the map lie on the corner pixels when its logits are scaled up, as in
    GluonCV, or each step in the middle of its pixels, as in MMSegmentation and torchvision."""
    lr_scale: PositiveFloat = 10.0
    """Rate of both heads over the rate of the backbone."""
    loss_every: PositiveInt = 1
    """n to take the loss at every n-th pixel of every n-th row alone, which saves a third of a step's time
    where pictures are small and the backbone is narrow; 1 for all pixels, as in the paper."""


class Augment(Schema):
    """What is done to a training picture and its mask."""

    base_size: PositiveInt
    """Of `side`, before the random scale."""
    side: Side = "long"
    longest: PositiveInt | None = None
    """That the long side may be before the random scale, where `side` is the short one."""
    crop: PositiveInt
    """Side of the square that is trained on; smaller pictures are padded."""
    scale: tuple[PositiveFloat, PositiveFloat] = (0.5, 2.0)
    """Smallest and largest factor on `base_size`."""
    flip: Probability = 0.5
    """Probability of a left-right flip."""
    blur: Probability = 0.0
    """Probability of a Gaussian blur, its deviation drawn from 0 to 1 pixels."""
    distorts_colours: bool = False
    """Whether brightness, contrast, saturation and hue are changed, each with probability 0.5, as SSD and
    MMSegmentation do."""
    most_of_one_class: Annotated[float, Field(gt=0, le=1)] = 1.0
    """A crop of whose labelled pixels one class has as large a share, or a larger one, is drawn again, ten
    times at most."""

    @model_validator(mode="after")
    def _is_ordered(self) -> Augment:
        if self.scale[0] > self.scale[1]:
            raise ValueError(f"scale: expected the smaller factor first, found {self.scale}")
        return self


class MultiScale(Schema):
    """How a picture is scored at several sizes, each as it is and mirrored."""

    base_size: PositiveInt
    """Of `side`, at scale 1."""
    side: Side = "long"
    longest: PositiveInt | None = None
    """That the long side may be at scale 1, where `side` is the short one."""
    scales: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
    flip: bool = True
    """Whether each is also scored mirrored."""
    window: PositiveInt | None = None
    """Side of the squares that are scored, each by itself, where the picture is larger; None for the whole
    picture at once."""
    stride: Annotated[float, Field(gt=0, le=1)] = 2 / 3
    """From one window to the next, in windows."""
    combine: Literal["exp", "softmax"] = "softmax"
    """What is added up: the probabilities, or, as in GluonCV, the exponentials of the sum of the logits of
    the picture and of its mirror image."""

    @model_validator(mode="after")
    def _steps_on(self) -> MultiScale:
        if self.window is not None and int(self.window * self.stride) < 1:
            raise ValueError(
                f"stride: expected a pixel of the window of {self.window} at least, found {self.stride}"
            )
        return self


class SegmentProtocol(TaskProtocol):
    """Data, head, training and scoring of a segmentation.

    Scored twice from the last state of the training: at a single scale and, where the protocol says how, at
    several scales; scores of the two have different names.
    """

    data: MaskData
    plan: Plan
    head: Head = Head()
    augment: Augment
    is_backbone_frozen: bool = False
    """Whether only the heads are trained, over batch norm that keeps what pretraining left."""
    short_side: PositiveInt | None = None
    """That pictures are brought to for the scores at a single scale; None for their own size."""
    longest_side: PositiveInt | None = None
    """That a picture may have when brought to `short_side`."""
    tile: PositiveInt = 2048
    """A picture with a longer side is scored at a single scale in overlapping squares of this side, each
    pixel by the square in whose middle it lies, so that memory does not grow with the picture."""
    multi_scale: MultiScale | None = None
    score_batch: PositiveInt = 8
    """Pictures in a batch at evaluation; the scores do not depend on it."""

    @model_validator(mode="after")
    def _has_steps(self) -> Self:
        if self.augment.crop <= self.head.output_stride:
            raise ValueError(
                f"augment.crop: expected more than the {self.head.output_stride} pixels of one step, found "
                f"{self.augment.crop}"
            )
        return self

    @property
    def use(self) -> Use:
        """What the backbone is loaded for."""
        return Use(self.head.output_stride, self.head.dilated_shortcut, is_dense=True)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Of a crop that is trained on."""
        return self.augment.crop, self.augment.crop

    def with_frozen_backbone(self) -> Self:
        return self.model_copy(update={"is_backbone_frozen": True})
