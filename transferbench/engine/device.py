"""The machine a training runs on: device, precision, threads, memory."""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import torch

from transferbench.engine.plan import Precision
from transferbench.errors import RunError

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str | None) -> torch.device:
    """Returns the device called `name`, or the fastest one here.

    Raises:
        RunError: there is no such device on this machine.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"--device {name!r}: expected a device of this machine, found none ({reason}); leave the flag out"
        ) from error
    return device


def check_precision(precision: Precision, device: torch.device) -> None:
    """Refuses a precision that the device only emulates.

    Raises:
        RunError: 16-bit floats on a processor, where they are slower than float32 or not there.
    """
    if device.type == "cpu" and precision in _AUTOCAST:
        raise RunError(
            f"precision {precision!r}: this needs an accelerator, the device is the processor, "
            "which emulates it many times slower than float32; use fp32"
        )


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Returns the context in which forward passes run."""
    if precision in _AUTOCAST:
        return torch.autocast(device.type, dtype=_AUTOCAST[precision])
    return nullcontext()


def place(
    model: torch.nn.Module, device: torch.device, precision: Precision, *, is_channels_last: bool
) -> torch.nn.Module:
    """Returns the model on the device, in the dtype its parameters are kept in."""
    dtype = torch.float64 if precision == "fp64" else torch.float32
    model = model.to(device=device, dtype=dtype)
    return model.to(memory_format=torch.channels_last) if is_channels_last else model  # type: ignore[call-overload]


def keep_freed_memory() -> None:
    """Has the C library hand freed memory out again, in place of giving it back to the system.

    A training step frees and asks for the same large blocks over and over; where every one of them comes
    from the system anew, page faults take up to half the time. Does nothing where there is no glibc.

    Source:
        mallopt(3): M_MMAP_MAX is -4, M_TRIM_THRESHOLD is -1, M_TOP_PAD is -2.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(-4, 0)
        library.mallopt(-1, 2**31 - 1)
        library.mallopt(-2, 64 * 2**20)


def reset_peak_memory(device: torch.device) -> None:
    """Starts the count of `peak_memory_bytes` anew, where the system can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # 5 sets the high-water mark back, see proc(5)


def peak_memory_bytes(device: torch.device) -> int:
    """Returns the largest memory in use since the count began.

    Of the device if it counts its own, else of this process.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def describe(device: torch.device) -> dict[str, str | int]:
    """Returns what a reader of a record wants to know of the machine."""
    import torchvision

    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "torchvision": str(torchvision.__version__),
        "threads": torch.get_num_threads(),
    }
