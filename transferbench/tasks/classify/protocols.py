"""How classification is measured. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from transferbench.schema import Schema
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.classify.layouts import AnyData, ClassifyData

Share = Annotated[float, Field(gt=0, le=1)]


class Augment(Schema):
    """What is done to a training picture."""

    area: tuple[Share, Share] = (0.08, 1.0)
    """Share of the picture that the crop keeps."""
    aspect: tuple[PositiveFloat, PositiveFloat] = (3 / 4, 4 / 3)
    """Width over height of the crop."""
    crops: Literal["torchvision", "released", "paper"] = "torchvision"
    """Whose way of drawing the aspect: evenly on a log scale (torchvision), evenly (the paper), or evenly and
    then with probability one half turned over (the code released with the paper, MXNet's). Where ten crops do
    not fit, the released code takes a square of the input's size from the centre, the two others the largest
    crop there of a legal aspect."""
    flip: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of a left-right flip."""
    jitter: NonNegativeFloat = 0.4
    """Largest relative change of each of the `colours`; of hue, the largest share of half a circle."""
    colours: Literal["released", "paper"] = "released"
    """Brightness, contrast and saturation in random order, as the code released with the paper has it, or
    hue, saturation and brightness, as the paper says. How hue is scaled it does not say: here colours turn
    about grey, in YIQ, as in MXNet's HueJitterAug."""
    lighting: NonNegativeFloat = 0.1
    """Standard deviation of the PCA noise, in its own units."""

    @model_validator(mode="after")
    def _has_jitter_for_its_colours(self) -> Self:
        if self.colours != "released" and not self.jitter:
            raise ValueError("'colours' needs a 'jitter' above 0; raise one or leave out the other")
        return self


class ClassifyProtocol(TaskProtocol):
    """Data, input and evaluation of a classifier; the plan comes from the recipe."""

    data: ClassifyData = AnyData()
    input_size: PositiveInt
    """Side of the square that the network sees, in pixels."""
    crop: Share = 0.875
    """Share of the resized short side that the centre crop keeps at evaluation."""
    augment: Augment = Augment()
    score_batch: PositiveInt = 100
    """Pictures in a batch at evaluation; the scores do not depend on it."""

    @property
    def picture_size(self) -> tuple[int, int]:
        """Of what the network sees."""
        return self.input_size, self.input_size

    @field_validator("data", mode="before")
    @classmethod
    def _of_any_layout(cls, data: Any) -> Any:
        return {"layout": "any", **data} if isinstance(data, dict) else data


PROTOCOLS = {
    protocol.key: protocol
    for protocol in (
        ClassifyProtocol(
            name="imagenet",
            about="ImageNet at 224 pixels: random resized crops, colours, centre crop of 256",
            source="He et al. 2019, section 2.1, with the released code's crops and colours (no hue)",
            data=AnyData(classes="imagenet"),
            input_size=224,
            augment=Augment(crops="released"),
        ),
        ClassifyProtocol(
            name="imagenet-299",
            about="ImageNet at 299 pixels, for Inception-V3: as imagenet@1, centre crop of 342",
            source="as imagenet@1; 299/0.875 as the released code evaluates since October 2018",
            data=AnyData(classes="imagenet"),
            input_size=299,
            augment=Augment(crops="released"),
        ),
        ClassifyProtocol(
            name="pictures",
            about="any labelled pictures, or a part of ImageNet, at 224 pixels",
            source="as imagenet@1; the classes are those that are there",
            input_size=224,
            augment=Augment(crops="released"),
        ),
        ClassifyProtocol(
            name="places365",
            about="Places365 (standard) at 224 pixels, scored on its validation split",
            source="He et al. 2019, table 7; as imagenet@1, which they did not tune for it",
            input_size=224,
            augment=Augment(crops="released"),
        ),
        ClassifyProtocol(
            name="miniature",
            about="the miniature world's 24 silhouettes at 64 pixels",
            source="ours",
            data=AnyData(folder="imagenet"),
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
