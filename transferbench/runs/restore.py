"""The network of a finished transfer, as its training left it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.load import load_backbone
from transferbench.backbones.weights.local import RANDOM
from transferbench.backbones.weights.settings import OF_CLASSIFYING
from transferbench.engine.checkpoint import FILE_NAME, load_model
from transferbench.runs.record import Record, finished_record
from transferbench.runs.rescore import protocol_of
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.catalog import build_network


@dataclass(frozen=True)
class Restored:
    """A run's network in evaluation mode, and what it was trained for."""

    record: Record
    protocol: TaskProtocol
    model: nn.Module


def restore(folder: Path, device: torch.device) -> Restored:
    """Returns the network of a finished transfer.

    Args:
        folder: of the run.
        device: that the network is put on.

    Raises:
        RunError: the run is not finished, is no transfer, or its checkpoint is missing or broken.
    """
    record = finished_record(folder)
    protocol = protocol_of(record)
    settings = {
        key: setting["value"]
        for key, setting in record.weights["settings"].items()
        if key not in OF_CLASSIFYING
    }
    source = f"{RANDOM}{record.weights['arch']}"
    backbone = load_backbone(source, protocol.use, asked=Asked(settings=settings)).backbone
    model = build_network(protocol, backbone, record.classes)
    load_model(folder / FILE_NAME, model)
    return Restored(record, protocol, model.to(device).eval())
