"""Where the small real data lie, for the tests that use them."""

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("TRANSFERBENCH_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_data(name: str) -> Path:
    """Returns a folder of the real data, or skips the test that asks for it."""
    if not (_ROOT / name).exists():
        pytest.skip(f"needs the real data {name!r}, which are not at {_ROOT}; set TRANSFERBENCH_TEST_DATA")
    return _ROOT / name
