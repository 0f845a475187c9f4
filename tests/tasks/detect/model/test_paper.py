"""The detector of voc07-c4@1 on ResNet-50-D, against what the paper's released code has.

Source: GluonCV 0.3, model_zoo/faster_rcnn, rpn, rcnn; scripts/detection/faster_rcnn.
"""

from __future__ import annotations

import pytest
import torch

from transferbench.backbones.weights.asked import Use
from transferbench.backbones.weights.load import load_backbone
from transferbench.engine.plan import Step
from transferbench.tasks.detect.model.detector import Detector, detector
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import C4, DetectProtocol, Roi, Rpn

PAPER = PROTOCOLS["voc07-c4@1"]


@pytest.fixture(scope="module")
def model() -> Detector:
    backbone = load_backbone("random:resnet50_d", Use(is_dense=True)).backbone
    trained = PAPER.model_copy(update={"norm": "trained", "frozen_stages": 0})
    assert isinstance(trained, DetectProtocol)
    return detector(backbone, 20, trained, 0).eval()


def test_fifteen_anchors_a_place_are_proposed_from_1024_channels_at_stride_16(model: Detector) -> None:
    shapes = {name: tuple(p.shape) for name, p in model.rpn.named_parameters()}

    with torch.no_grad():
        (map_NCHW,) = model.maps(torch.zeros(1, 3, 96, 160))

    assert map_NCHW.shape == (1, 1024, 6, 10)
    assert shapes["head.inner.conv.0.0.weight"] == (1024, 1024, 3, 3)
    assert shapes["head.inner.cls_logits.weight"] == (15, 1024, 1, 1)
    assert shapes["head.inner.bbox_pred.weight"] == (60, 1024, 1, 1)


def test_the_last_stage_makes_7_by_7_of_14_by_14_and_two_layers_make_21_and_80_of_its_mean(
    model: Detector,
) -> None:
    box_R4 = torch.tensor([[8.0, 8.0, 90.0, 70.0]])

    with torch.no_grad():
        cut_RCHW = model.pool([torch.randn(1, 1024, 6, 10)], box_R4, torch.zeros(1, dtype=torch.int64))
        last_RCHW = model.backbone.stages[-1](cut_RCHW)
        logits_RK, shifts_RK4 = model.predictor(last_RCHW.mean((2, 3)))

    assert (cut_RCHW.shape, last_RCHW.shape) == ((1, 1024, 14, 14), (1, 2048, 7, 7))
    assert (logits_RK.shape, shifts_RK4.shape) == ((1, 21), (1, 20, 4))
    assert tuple(model.get_parameter("predictor.inner.bbox_pred.weight").shape) == (80, 2048)


def test_new_layers_are_drawn_as_wide_as_released(model: Detector) -> None:
    deviations = {name: p.std().item() for name, p in model.named_parameters() if p.dim() > 1}

    expected = {
        "rpn.head.inner.conv.0.0.weight": 0.01,
        "rpn.head.inner.cls_logits.weight": 0.01,
        "rpn.head.inner.bbox_pred.weight": 0.01,
        "predictor.inner.cls_score.weight": 0.01,
        "predictor.inner.bbox_pred.weight": 0.001,
    }
    assert {name: deviations[name] for name in expected} == pytest.approx(expected, rel=0.03)


def test_the_settings_are_the_released_ones() -> None:
    plan, head = PAPER.plan, PAPER.head
    rpn, roi = head.rpn, head.roi

    assert (plan.epochs, plan.batch_size, plan.lr, plan.clip_value) == (20, 4, 0.001, 5.0)
    assert (plan.optimizer.weight_decay, plan.warmup_epochs) == (5e-4, 0)
    assert plan.schedule == Step(name="step", at_epochs=(14,), factor=0.1)
    assert (PAPER.short_side, PAPER.longest_side, PAPER.flip) == (600, 1000, 0.5)
    assert (PAPER.norm, PAPER.frozen_stages) == ("frozen", 1)
    assert (head.anchor_sizes, head.anchor_ratios) == ((32, 64, 128, 256, 512), (0.5, 1, 2))
    assert (rpn.batch, rpn.positive_fraction, rpn.negative_iou, rpn.positive_iou) == (256, 0.5, 0.3, 0.7)
    assert (rpn.before_nms, rpn.after_nms, rpn.nms_iou, rpn.min_size) == ((12000, 6000), (2000, 300), 0.7, 16)
    assert not rpn.trains_across_border
    assert (roi.batch, roi.positive_fraction, roi.positive_iou, roi.bins) == (128, 0.25, 0.5, 14)
    assert (roi.samples, roi.aligned, roi.box_loss_beta, rpn.box_loss_beta) == (2, False, 1.0, 1 / 9)
    assert (roi.score_threshold, roi.nms_iou, roi.before_nms, roi.detections) == (0.01, 0.3, 400, None)


def test_detectron2_s_schedule_has_its_18000_steps() -> None:
    plan = PROTOCOLS["voc07-c4-d2@1"].plan
    steps_an_epoch = 16_551 // plan.batch_size

    assert round(plan.epochs * steps_an_epoch) == 18_000
    assert [round(epoch * steps_an_epoch) for epoch in plan.schedule.at_epochs] == [12_000, 16_000]  # type: ignore[union-attr]
    assert round(plan.warmup_epochs * steps_an_epoch) == 100


def test_detectron2_s_head_and_sizes_are_those_of_its_configuration() -> None:
    """Source: Detectron2, Base-RCNN-C4.yaml, PascalVOC-Detection/faster_rcnn_R_50_C4.yaml, defaults."""
    protocol = PROTOCOLS["voc07-c4-d2@1"]

    assert protocol.head == C4(
        name="c4",
        anchor_sizes=(32, 64, 128, 256, 512),
        anchor_form="detectron2",
        rpn=Rpn(before_nms=(12000, 6000), after_nms=(2000, 1000), min_size=0, box_loss_beta=0.0),
        roi=Roi(batch=512, bins=14, samples=0, aligned=True, box_loss_beta=0.0),
    )
    assert (protocol.plan.batch_size, protocol.plan.lr) == (16, 0.02)
    assert protocol.train_short_sides == (480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800)
    assert (protocol.short_side, protocol.longest_side) == (800, 1333)


def test_coco_is_trained_for_twelve_epochs_at_the_rate_of_sixteen_pictures() -> None:
    plan = PROTOCOLS["coco-fpn@1"].plan

    assert (plan.epochs, plan.batch_size, plan.lr) == (12, 16, 0.02)
    assert plan.schedule == Step(name="step", at_epochs=(8, 11), factor=0.1)
