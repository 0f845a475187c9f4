"""What the architectures of the catalog are called elsewhere. Imports no torch."""

from __future__ import annotations

from typing import Literal, get_args

Target = Literal["transferbench", "timm", "torchvision", "onnx"]
"""Who weights can be written for; the first is this program."""
TARGETS: tuple[Target, ...] = get_args(Target)

TORCHVISION = {
    **{f"resnet{depth}{kind}": f"resnet{depth}" for depth in (18, 34, 50, 101, 152) for kind in ("", "_b")},
    "inception_v3": "inception_v3",
}
"""Ours to torchvision's name of the same network."""

TIMM = {
    **{name: name.removesuffix("_b") for name in TORCHVISION},
    **{f"resnet{depth}_c": f"resnet{depth}c" for depth in (50, 101, 152)},
    **{f"resnet{depth}_d": f"resnet{depth}d" for depth in (18, 34, 50, 101, 152)},
    "mobilenet_v1_100": "mobilenetv1_100",
}
"""Ours to timm's name of the same network; timm's MobileNet has ReLU6 unless told otherwise."""

FROM_TIMM = {theirs: ours for ours, theirs in reversed(TIMM.items())}
"""timm's name to ours; of two of ours, the plain one."""


def timms_name(arch: str) -> str:
    """Returns timm's name of one of ours or of `timm:NAME`; of another of ours, its own."""
    return arch.removeprefix("timm:") if arch.startswith("timm:") else TIMM.get(arch, f"ours {arch}")
