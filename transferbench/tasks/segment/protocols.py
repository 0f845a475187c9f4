"""How segmentation is measured: data, plan, head and scales, by name and version. Imports no torch."""

from __future__ import annotations

from transferbench.engine.plan import AdamW, Plan, Poly, Sgd
from transferbench.tasks.segment.settings import (
    Ade20kData,
    Augment,
    CityscapesData,
    Head,
    MultiScale,
    SegmentProtocol,
    VocMaskData,
)

_MM_STEPS, _STEPS_AN_EPOCH = 80_000, 20_210 // 16
"""Of MMSegmentation's schedule; of ADE20K's training pictures in batches of 16."""

_ADE20K = SegmentProtocol(
    name="ade20k-fcn8",
    about="ADE20K, 150 classes: FCN at output stride 8, crops of 480, 120 epochs",
    source="GluonCV's published command, at the step, weight decay and auxiliary weight that took effect",
    data=Ade20kData(),
    plan=Plan(
        epochs=120,
        batch_size=16,
        lr=0.0025,
        optimizer=Sgd(weight_decay=4e-4),
        schedule=Poly(name="poly"),
        batch_norm="synchronised",
    ),
    augment=Augment(base_size=520, crop=480, blur=0.5),
    multi_scale=MultiScale(base_size=520, window=480, combine="exp"),
)

_ADE20K_NOMINAL = _ADE20K.model_copy(
    update={
        "name": "ade20k-fcn8-nominal",
        "about": "as ade20k-fcn8, with the step and the auxiliary weight that the command names",
        "source": "GluonCV's published command as typed: its loss layer ignored the auxiliary weight and its "
        "trainer divided the step once more, so that its own numbers are not from these settings",
        "plan": _ADE20K.plan.model_copy(update={"lr": 0.01, "optimizer": Sgd(weight_decay=1e-4)}),
        "head": Head(auxiliary_weight=0.5),
    }
)

_ADE20K_MM = SegmentProtocol(
    name="ade20k-fcn8-mm",
    about="ADE20K, 150 classes: FCN at output stride 8, crops of 512, 80,000 steps",
    source="MMSegmentation's fcn_r50-d8_4xb4-80k_ade20k-512x512, which publishes mIoU 35.94 at a single "
    "scale and 37.94 at several with flips; its loss is a mean over all pixels, ours over the labelled ones, "
    "it pads with the mean colour and ours with black, and its resizing for scores is not antialiased",
    data=Ade20kData(),
    plan=Plan(
        epochs=_MM_STEPS / _STEPS_AN_EPOCH,
        batch_size=16,
        lr=0.01,
        optimizer=Sgd(weight_decay=5e-4),
        schedule=Poly(name="poly", floor=0.01),
        batch_norm="synchronised",
    ),
    head=Head(convolutions=2, joins_map=True, auxiliary_weight=0.4, aligns_corners=False, lr_scale=1.0),
    augment=Augment(
        base_size=512, side="short", longest=2048, crop=512, distorts_colours=True, most_of_one_class=0.75
    ),
    short_side=512,
    longest_side=2048,
    multi_scale=MultiScale(base_size=512, side="short", longest=2048),
)

_VOC12 = SegmentProtocol(
    name="voc12-fcn8",
    about="VOC 2012 masks, 21 classes, 255 ignored: FCN at output stride 8, crops of 480, val scored",
    source="ours: GluonCV's head, crops and scales, at a length for the 1,464 pictures of VOC 2012 train",
    data=VocMaskData(),
    plan=_ADE20K.plan.model_copy(update={"epochs": 50, "optimizer": Sgd()}),
    augment=_ADE20K.augment,
    multi_scale=_ADE20K.multi_scale,
)

_CITYSCAPES = SegmentProtocol(
    name="cityscapes-fcn8",
    about="Cityscapes, 19 classes: FCN at output stride 8, crops of 768, val scored",
    source="ours: GluonCV's sizes for Cityscapes (base 2048, crop 768, 240 epochs, batch 8) with its FCN",
    data=CityscapesData(),
    plan=_ADE20K.plan.model_copy(update={"epochs": 240, "batch_size": 8, "optimizer": Sgd()}),
    augment=Augment(base_size=2048, crop=768, blur=0.5),
    multi_scale=MultiScale(base_size=2048, window=768, combine="exp"),
    score_batch=1,
)

_SMALL_PLAN = Plan(
    epochs=12,
    batch_size=4,
    lr=0.0005,
    optimizer=AdamW(name="adamw"),
    schedule=Poly(name="poly"),
    channels_last=True,
)
"""For few pictures on small machines."""
_SMALL_HEAD = Head(lr_scale=5, loss_every=2)

_MINIATURE = SegmentProtocol(
    name="miniature",
    about="the miniature world's scenes of 128 pixels: FCN at output stride 8",
    source="ours; chosen on the world of seed 7, not on the one that the demo reports",
    data=Ade20kData(),
    plan=_SMALL_PLAN.model_copy(update={"epochs": 7}),
    head=_SMALL_HEAD.model_copy(update={"channels_divisor": 1}),
    augment=Augment(base_size=128, crop=96, scale=(0.9, 1.15)),
    multi_scale=MultiScale(base_size=128, scales=(0.75, 1.0, 1.25)),
)

_CAMVID_SMALL = SegmentProtocol(
    name="camvid-small",
    about="street scenes of 240x180, 11 classes: FCN at output stride 8, crops of 160",
    source="ours",
    data=Ade20kData(classes="present"),
    plan=_SMALL_PLAN,
    head=_SMALL_HEAD,
    augment=Augment(base_size=240, crop=160, scale=(0.75, 1.5)),
    multi_scale=MultiScale(base_size=240),
)

_VOC_SMALL = SegmentProtocol(
    name="voc-small-masks",
    about="VOC 2012 masks on small pictures, 21 classes, 255 ignored: FCN at output stride 8",
    source="ours",
    data=VocMaskData(),
    plan=_SMALL_PLAN,
    head=_SMALL_HEAD,
    augment=Augment(base_size=213, crop=160, scale=(0.75, 1.5)),
    multi_scale=MultiScale(base_size=213),
)

PROTOCOLS = {
    protocol.key: protocol
    for protocol in (
        *(_ADE20K, _ADE20K_NOMINAL, _ADE20K_MM, _VOC12, _CITYSCAPES),
        *(_MINIATURE, _CAMVID_SMALL, _VOC_SMALL),
    )
}
