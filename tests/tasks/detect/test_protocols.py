"""Protocols of detection."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import C4, DetectProtocol, Fpn


@pytest.mark.parametrize("key", PROTOCOLS)
def test_a_protocol_survives_being_written_and_read(key: str) -> None:
    protocol = PROTOCOLS[key]

    assert protocol.key == key
    assert DetectProtocol.model_validate_json(protocol.model_dump_json()) == protocol


def test_the_head_of_the_paper_has_its_settings() -> None:
    head = PROTOCOLS["voc07-c4@1"].head

    assert isinstance(head, C4)
    assert (head.rpn.before_nms, head.rpn.after_nms) == ((12000, 6000), (2000, 300))
    assert (head.roi.batch, head.roi.bins, head.roi.nms_iou, head.roi.score_threshold) == (128, 14, 0.3, 0.01)


def test_a_pyramid_needs_an_anchor_size_for_each_map() -> None:
    with pytest.raises(ValidationError, match="anchor_sizes: expected one for each of 5 maps, got 3"):
        Fpn(name="fpn", anchor_sizes=(8, 16, 32))


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(ValidationError, match="'c4', 'fpn'"):
        DetectProtocol.model_validate(PROTOCOLS["miniature@1"].model_dump() | {"head": {"name": "yolo"}})
