"""What tests of the task share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fabricate.ade20k import write_ade20k
from tests.tasks.segment.tiny import PROTOCOL
from transferbench.tasks.segment.task import SegmentTask


@pytest.fixture
def task(tmp_path: Path) -> SegmentTask:
    """A task on four pictures and two."""
    write_ade20k(tmp_path)
    return SegmentTask(PROTOCOL, tmp_path)
