import pytest
import torch

from transferbench.engine.device import (
    accelerators,
    check_precision,
    device_of,
    peak_memory_bytes,
    pick_device,
    reset_peak_memory,
)
from transferbench.engine.plan import Precision
from transferbench.errors import RunError


def test_an_unknown_device_is_told() -> None:
    with pytest.raises(RunError, match=r"--device 'toaster': expected a device of this machine"):
        pick_device("toaster")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_processor_refuses_precisions_that_it_emulates(
    precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)

    with pytest.raises(RunError, match="emulates it many times slower than float32; use fp32"):
        check_precision(precision, torch.device("cpu"))


@pytest.mark.parametrize("instructions", ["_is_avx512_bf16_supported", "_is_amx_tile_supported"])
def test_a_processor_with_bf16_instructions_takes_bf16(
    instructions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, instructions, lambda: True)

    check_precision("bf16", torch.device("cpu"))

    with pytest.raises(RunError, match=r"precision 'fp16': .* use --precision bf16, which it has, or fp32"):
        check_precision("fp16", torch.device("cpu"))


@pytest.mark.parametrize(
    ("name", "there", "count", "devices"),
    [
        (None, 0, 0, [None, None, None]),
        (None, 1, 1, [None, None, None]),
        (None, 2, 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda", 2, 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda:1", 2, 1, ["cuda:1", "cuda:1", "cuda:1"]),
        ("cpu", 2, 0, ["cpu", "cpu", "cpu"]),
    ],
)
def test_runs_take_turns_on_the_accelerators_that_are_left_open(
    monkeypatch: pytest.MonkeyPatch, name: str | None, there: int, count: int, devices: list[str | None]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)

    assert accelerators(name) == count
    assert [device_of(name, place) for place in range(3)] == devices


def test_peak_memory_counts_from_the_reset() -> None:
    device = torch.device("cpu")
    torch.ones(64 * 2**20, dtype=torch.uint8)
    before = peak_memory_bytes(device)

    reset_peak_memory(device)

    assert 0 < peak_memory_bytes(device) <= before
