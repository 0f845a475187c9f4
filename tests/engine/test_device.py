import pytest
import torch

from transferbench.engine.device import check_precision, peak_memory_bytes, pick_device, reset_peak_memory
from transferbench.errors import RunError


def test_an_unknown_device_is_told() -> None:
    with pytest.raises(RunError, match=r"--device 'toaster': expected a device of this machine"):
        pick_device("toaster")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_processor_refuses_precisions_that_it_emulates(precision: str) -> None:
    with pytest.raises(RunError, match="many times slower than float32; use fp32"):
        check_precision(precision, torch.device("cpu"))  # type: ignore[arg-type]


def test_peak_memory_counts_from_the_reset() -> None:
    device = torch.device("cpu")
    torch.ones(64 * 2**20, dtype=torch.uint8)
    before = peak_memory_bytes(device)

    reset_peak_memory(device)

    assert 0 < peak_memory_bytes(device) <= before
