"""Faster R-CNN: shapes, seeds and what is frozen."""

from __future__ import annotations

import copy
import gc
import re

import pytest
import torch
from torch import Tensor, nn

from tests.tasks.detect.tiny import C4_HEAD, TinyBackbone, protocol
from transferbench.errors import ConfigError
from transferbench.tasks.detect.model.detector import detector

IMAGES = [torch.full((32, 48, 3), 90, dtype=torch.uint8), torch.full((40, 32, 3), 30, dtype=torch.uint8)]
EMPTY = (torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
TRUTH = [(torch.tensor([[4.0, 4.0, 24.0, 28.0]]), torch.tensor([1])), EMPTY]
HEADS = pytest.mark.parametrize("head", [C4_HEAD, protocol().head], ids=lambda head: head.name)


def step(model: nn.Module, truth: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Takes one step of SGD and returns the losses before it."""
    torch.manual_seed(0)
    losses: dict[str, Tensor] = model.train()(IMAGES, truth)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, weight_decay=0.1).step()
    return losses


@HEADS
def test_training_gives_four_finite_losses_also_with_an_empty_picture(head: object) -> None:
    losses = step(detector(TinyBackbone(), 3, protocol(head=head), 0), TRUTH)

    assert sorted(losses) == ["loss_box_reg", "loss_classifier", "loss_objectness", "loss_rpn_box_reg"]
    assert all(loss.isfinite() for loss in losses.values())


@HEADS
def test_a_batch_of_nothing_but_empty_pictures_trains(head: object) -> None:
    model = detector(TinyBackbone(), 3, protocol(head=head), 0)

    step(model, [EMPTY, EMPTY])

    assert all(parameter.isfinite().all() for parameter in model.parameters())


@HEADS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_detections_lie_in_the_pictures_as_loaded_and_count_classes_from_zero(
    head: object, dtype: torch.dtype
) -> None:
    model = detector(TinyBackbone(is_used=True).to(dtype), 3, protocol(head=head), 0).eval()

    found = model(IMAGES)

    assert len(found) == 2
    for image, one in zip(IMAGES, found, strict=True):
        assert len(one["scores"]) > 0
        assert one["boxes"].dtype == dtype
        assert (one["boxes"].min(), one["labels"].min(), one["labels"].max()) >= (0, 0, 0)
        assert one["labels"].max() <= 2
        assert (one["boxes"] <= torch.tensor([*image.shape[1::-1]] * 2) + 1e-3).all()


def test_the_pyramid_head_has_the_shapes_of_its_protocol() -> None:
    shapes = {
        name: tuple(p.shape) for name, p in detector(TinyBackbone(), 3, protocol(), 0).named_parameters()
    }

    assert shapes["box_head.fc6.weight"] == (32, 16 * 3 * 3)
    assert shapes["predictor.inner.cls_score.weight"] == (4, 32)
    assert shapes["predictor.inner.bbox_pred.weight"] == (3 * 4, 32)
    assert shapes["rpn.head.inner.cls_logits.weight"] == (3, 16, 1, 1)


def test_the_c4_head_proposes_at_stride_16_and_classifies_what_the_last_stage_gives() -> None:
    model = detector(TinyBackbone(), 3, protocol(head=C4_HEAD), 0)
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}

    assert model.pool.scales == [1 / 16]
    assert shapes["rpn.head.inner.conv.0.0.weight"] == (12, 12, 3, 3)
    assert shapes["predictor.inner.cls_score.weight"] == (4, 16)


@HEADS
def test_one_seed_gives_one_head_and_another_seed_another(head: object) -> None:
    first, again, other = (
        detector(TinyBackbone(), 3, protocol(head=head), s).state_dict() for s in (7, 7, 8)
    )

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(
        first["predictor.inner.cls_score.weight"], other["predictor.inner.cls_score.weight"]
    )


def test_backbones_of_other_widths_meet_the_same_head_wherever_its_shapes_agree() -> None:
    first = detector(TinyBackbone(), 3, protocol(), 7).state_dict()
    wider = detector(TinyBackbone((8, 16, 24, 32)), 3, protocol(), 7).state_dict()

    shared = [
        key for key in first if not key.startswith("backbone.") and first[key].shape == wider[key].shape
    ]
    assert {"box_head.fc6.weight", "pyramid.layer_blocks.3.0.weight", "rpn.head.inner.conv.0.0.weight"} < {
        *shared
    }
    assert all(torch.equal(first[key], wider[key]) for key in shared)


def test_making_a_detector_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()

    detector(TinyBackbone(), 3, protocol(), 0)

    assert torch.equal(before, torch.random.get_rng_state())


@HEADS
@pytest.mark.parametrize(("norm", "stages"), [("frozen", 1), ("frozen", 0), ("trained", 1), ("trained", 0)])
def test_frozen_parts_do_not_move_and_the_others_do(head: object, norm: str, stages: int) -> None:
    model = detector(TinyBackbone(is_used=True), 3, protocol(head=head, norm=norm, frozen_stages=stages), 0)
    before = copy.deepcopy(model.state_dict())

    step(model, TRUTH)

    for key, value in model.backbone.state_dict(prefix="backbone.").items():
        is_early = "first" in key or "layers.0" in key
        is_held = (stages == 1 and is_early) or (norm == "frozen" and key.split(".")[-2] == "1")
        assert torch.equal(value, before[key]) == is_held, key


def test_after_many_steps_what_is_frozen_is_bit_for_bit_as_it_was_loaded() -> None:
    model = detector(TinyBackbone(is_used=True), 3, protocol(norm="frozen", frozen_stages=1), 0)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=0.1)

    for seed in range(8):
        torch.manual_seed(seed)
        losses = model.train()(IMAGES, TRUTH)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    moved = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    convolutions = {f"backbone.layers.{stage}.0.weight" for stage in (1, 2, 3)}
    assert {key for key in moved if key.startswith("backbone.")} == convolutions


@pytest.mark.parametrize(
    ("is_loaded", "found"), [(False, "untrained weights"), (True, "batch norm as it was made")]
)
@pytest.mark.parametrize("frozen", [{"norm": "frozen"}, {"frozen_stages": 1}])
def test_freezing_what_was_never_trained_is_refused(
    frozen: dict[str, object], is_loaded: bool, found: str
) -> None:
    backbone = TinyBackbone()
    backbone.is_loaded = is_loaded

    with pytest.raises(ConfigError, match=re.escape(f"found 'tiny' with {found}; give --set norm=trained")):
        detector(backbone, 3, protocol(**frozen), 0)


def test_boxes_are_worked_out_in_float32_under_autocast() -> None:
    model = detector(TinyBackbone(is_used=True), 3, protocol(), 0).eval()

    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        found = model(IMAGES)

    assert found[0]["boxes"].dtype == torch.float32


def test_a_mirrored_picture_with_mirrored_boxes_has_the_losses_of_the_picture_mirrored_before() -> None:
    model = detector(TinyBackbone(), 3, protocol(), 0)
    image = torch.randint(256, (32, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    losses = []
    for images, is_flipped in (([image], (True,)), ([image.flip(1)], None)):
        torch.manual_seed(0)
        losses.append(model.train()(images, TRUTH[:1], is_flipped=is_flipped))

    assert losses[0] == losses[1]


def test_boxes_follow_the_short_side_of_their_picture() -> None:
    model = detector(TinyBackbone(), 3, protocol(), 0)
    large = detector(TinyBackbone(), 3, protocol(short_side=64, longest_side=128), 0)
    losses = []
    for made, sides in ((model, (64, 64)), (large, None)):
        made.protocol = made.protocol.model_copy(update={"longest_side": 128})
        torch.manual_seed(0)
        losses.append(made.train()(IMAGES, TRUTH, short_sides=sides))

    assert losses[0] == losses[1]


@HEADS
def test_nothing_that_a_step_makes_stays_in_memory(head: object) -> None:
    model = detector(TinyBackbone(), 3, protocol(head=head), 0)
    counts = []
    for _ in range(4):
        step(model, TRUTH)
        gc.collect()
        counts.append(sum(type(thing) in (Tensor, nn.Parameter) for thing in gc.get_objects()))

    assert counts[1] == counts[2] == counts[3]
