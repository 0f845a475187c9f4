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
from transferbench.engine.world import ALONE, World
from transferbench.errors import RunError

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str | None, world: World = ALONE) -> torch.device:
    """Returns the device called `name`, or the fastest one here; of several processes each takes its own.

    Raises:
        RunError: there is no such device on this machine.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not world.is_alone:
        name = f"cuda:{world.local_rank}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"--device {name!r}: expected a device of this machine, found none ({reason}); leave the flag out"
        ) from error
    return device


def accelerators(name: str | None) -> int:
    """Returns how many accelerators several runs may be spread over; 0 if they are done on the processor.

    Args:
        name: as `pick_device` takes it; one that is named whole is the only one.
    """
    if name is None or name == "cuda":
        return torch.cuda.device_count()
    return int(name != "cpu")


def device_of(name: str | None, place: int) -> str | None:
    """Returns the device of one of several processes that do a run each: the accelerators take turns.

    Args:
        name: as `pick_device` takes it; a device that it names whole is that of all.
        place: of the process among them.
    """
    count = accelerators(name)
    return f"cuda:{place % count}" if count > 1 else name


def check_precision(precision: Precision, device: torch.device) -> None:
    """Refuses a precision that the device only emulates.

    Raises:
        RunError: 16-bit floats where they are slower than float32 or not there.
    """
    if precision not in _AUTOCAST or _has_16_bit(precision, device):
        return
    if device.type == "cuda":
        raise RunError(
            f"precision {precision!r}: expected an accelerator that multiplies it, found "
            f"{torch.cuda.get_device_name(device)}, which only emulates it; use fp16 or fp32"
        )
    if _has_16_bit("bf16", device):
        raise RunError(
            f"precision {precision!r}: expected an accelerator, found {platform.machine()}, which only "
            "emulates it; use --precision bf16, which it has, or fp32"
        )
    raise RunError(
        f"precision {precision!r}: expected an accelerator or a processor with bf16 instructions (AVX-512 "
        f"BF16 or AMX), found {platform.machine()} that emulates it many times slower than float32; use fp32"
    )


def _has_16_bit(precision: Precision, device: torch.device) -> bool:
    if device.type == "cuda":
        return precision == "fp16" or torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return precision == "bf16" and (
            torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        )
    return True


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


def synchronised(model: torch.nn.Module, world: World, device: torch.device) -> torch.nn.Module:
    """Returns the model with batch norms that share their statistics over all processes.

    Raises:
        RunError: the device has no such batch norms.
    """
    if world.is_alone:
        return model
    if device.type != "cuda":
        raise RunError(
            f"plan.batch_norm 'synchronised': expected accelerators, found {device.type!r}, for which "
            "torch has no batch norm that several processes share; use 'local'"
        )
    shared: torch.nn.Module = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    return shared


def try_kernels(device: torch.device) -> None:
    """Has cuDNN try its convolutions once for each shape and keep the fastest.

    Pays where all batches are of one shape; which one wins may differ from run to run in the last digits.
    """
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True


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
