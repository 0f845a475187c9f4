"""What the protocols say, and what settings may not say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transferbench.engine.plan import Poly
from transferbench.tasks.segment.protocols import PROTOCOLS
from transferbench.tasks.segment.settings import Augment, Head, MultiScale, SegmentProtocol


@pytest.mark.parametrize("key", PROTOCOLS)
def test_a_protocol_survives_being_written_and_read(key: str) -> None:
    protocol = PROTOCOLS[key]

    assert SegmentProtocol.model_validate_json(protocol.model_dump_json()) == protocol
    assert protocol.key == key


def test_a_scale_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the smaller factor first"):
        Augment(base_size=40, crop=32, scale=(2.0, 0.5))


@pytest.mark.parametrize("key", PROTOCOLS)
def test_every_protocol_is_scored_at_one_scale_and_at_several(key: str) -> None:
    scales = PROTOCOLS[key].multi_scale

    assert scales is not None and scales.flip and len(scales.scales) > 2


def test_the_released_protocol_is_the_effective_one_and_the_nominal_one_has_its_own_name() -> None:
    effective, nominal = (PROTOCOLS[f"ade20k-fcn8{which}@1"] for which in ("", "-nominal"))

    told = [
        (rules.plan.lr, rules.plan.optimizer.weight_decay, rules.head.auxiliary_weight)
        for rules in (effective, nominal)
    ]
    assert told == [(0.0025, 4e-4, 1.0), (0.01, 1e-4, 0.5)]
    assert nominal.augment == effective.augment and nominal.multi_scale == effective.multi_scale


def test_mmsegmentation_s_schedule_is_80_000_steps_on_ade20k() -> None:
    plan = PROTOCOLS["ade20k-fcn8-mm@1"].plan

    assert round(plan.epochs * (20_210 // plan.batch_size)) == 80_000


def test_a_stride_of_no_window_is_refused() -> None:
    with pytest.raises(ValidationError, match="stride"):
        MultiScale(base_size=40, window=32, stride=0)


def test_mmsegmentation_s_counterpart_has_its_settings() -> None:
    rules = PROTOCOLS["ade20k-fcn8-mm@1"]
    plan, scales = rules.plan, rules.multi_scale

    assert (plan.batch_size, plan.lr, plan.optimizer.weight_decay) == (16, 0.01, 5e-4)
    assert plan.schedule == Poly(name="poly", power=0.9, floor=1e-4 / 0.01)
    assert rules.head == Head(
        convolutions=2, joins_map=True, auxiliary_weight=0.4, aligns_corners=False, lr_scale=1.0
    )
    assert rules.augment == Augment(
        base_size=512, side="short", longest=2048, crop=512, distorts_colours=True, most_of_one_class=0.75
    )
    assert scales == MultiScale(base_size=512, side="short", longest=2048)
    assert (rules.short_side, rules.longest_side) == (512, 2048)


def test_a_window_that_never_moves_on_is_refused() -> None:
    with pytest.raises(ValidationError, match="stride: expected a pixel of the window of 1 at least"):
        MultiScale(base_size=40, window=1)


def test_a_crop_of_a_single_step_is_refused() -> None:
    content = PROTOCOLS["miniature@1"].model_dump()
    content["augment"]["crop"] = 8

    with pytest.raises(ValidationError, match="expected more than the 8 pixels of one step, found 8"):
        SegmentProtocol.model_validate(content)
