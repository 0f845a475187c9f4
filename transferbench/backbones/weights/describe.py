"""What a file of weights says of itself, whatever network it is for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from transferbench.backbones.card import read_card
from transferbench.backbones.weights.likely import likely
from transferbench.backbones.weights.load import found_at
from transferbench.backbones.weights.parts import names_known
from transferbench.backbones.weights.report import insane
from transferbench.backbones.weights.tensors import read_file, unwrap


def describe(source: str, *, trust: bool = False) -> dict[str, Any]:
    """Returns size, hash, tensors and card of a file.

    Args:
        source: a run's folder, a file, or whatever can be fetched.
        trust: whether a pickle may run code.

    Raises:
        WeightsError: there is no such file, or it is broken.
    """
    found = found_at(source)
    content = read_file(found.path, trust=trust)
    card = read_card(found.path)
    unwrapped = unwrap(content, names_known, found.path)
    tensors = unwrapped.tensors
    return {
        "file": str(found.path),
        "bytes": found.path.stat().st_size,
        "sha256": found.sha256,
        "tensors": len(tensors),
        "numbers": sum(tensor.numel() for tensor in tensors.values()),
        "dtypes": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()}),
        "wrappings": list(unwrapped.wrappings),
        "fault": insane(tensors) or "none",
        "card": "none; " + likely(tensors).rstrip("; ") if card is None else asdict(card),
    }
