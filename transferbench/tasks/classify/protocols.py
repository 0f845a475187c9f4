"""How classification is measured. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol

Share = Annotated[float, Field(gt=0, le=1)]


class FolderData(Schema):
    """A folder of folders: `train/<class>/*.jpg` and `val/<class>/*.jpg`."""

    layout: Literal["imagefolder"] = "imagefolder"
    folder: str = ""
    """Below the data root; empty if the root holds the splits itself."""
    train: str = "train"
    score: str = "val"


class Augment(Schema):
    """What is done to a training picture."""

    area: tuple[Share, Share] = (0.08, 1.0)
    """Share of the picture that the crop keeps."""
    aspect: tuple[PositiveFloat, PositiveFloat] = (3 / 4, 4 / 3)
    """Width over height of the crop, drawn evenly on a log scale."""
    flip: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of a left-right flip."""
    jitter: NonNegativeFloat = 0.4
    """Largest relative change of brightness, contrast and saturation."""
    lighting: NonNegativeFloat = 0.1
    """Standard deviation of the PCA noise, in its own units."""


class ClassifyProtocol(TaskProtocol):
    """Data, input and evaluation of a classifier; the plan comes from the recipe."""

    data: FolderData = FolderData()
    input_size: PositiveInt
    """Side of the square that the network sees, in pixels."""
    crop: Share = 0.875
    """Share of the resized short side that the centre crop keeps at evaluation."""
    augment: Augment = Augment()
    score_batch: PositiveInt = 100
    """Pictures in a batch at evaluation; the scores do not depend on it."""


PROTOCOLS = {
    protocol.key: protocol
    for protocol in (
        ClassifyProtocol(
            name="imagenet",
            about="ImageNet at 224 pixels: random resized crops, colours, centre crop of 256",
            source="He et al. 2019, section 2.1, with the released code's colours (no hue)",
            input_size=224,
        ),
        ClassifyProtocol(
            name="miniature",
            about="the miniature world's 24 silhouettes at 64 pixels",
            source="ours",
            data=FolderData(folder="imagenet"),
            input_size=64,
            crop=1.0,
            augment=Augment(area=(0.65, 1.0), aspect=(0.9, 1.11), jitter=0.2, lighting=0.0),
        ),
        ClassifyProtocol(
            name="small-pictures",
            about="a folder of small pictures (Tiny ImageNet and the like) at 64 pixels",
            source="ours, after section 2.1 of He et al. 2019",
            input_size=64,
            crop=1.0,
            augment=Augment(area=(0.25, 1.0)),
        ),
    )
}
