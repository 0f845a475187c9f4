"""Networks of timm's as backbones: ConvNeXt, RegNet, EfficientNet, Swin, and whatever else narrows like them.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from transferbench.backbones.base import Backbone, OutputStride
from transferbench.backbones.catalog import TIMM, BackboneSpec
from transferbench.backbones.layouts import TimmLayout
from transferbench.backbones.timm_facts import STRIDES, facts_of, full_of, pixels_of, source_of, timm_for
from transferbench.backbones.weights.report import report_on
from transferbench.errors import WeightsError

_WRAPPERS = ("", "model.", "body.")
"""What timm puts before the names of a full network where it takes maps from it."""


@lru_cache
def timm_spec(name: str) -> BackboneSpec:
    """Returns the entry for `timm:NAME` or `timm:NAME.TAG`; the tag decides the pixels and is no part of it.

    Raises:
        WeightsError: timm is not installed, has no such network or weights, or the network does not give
            one map each at strides 4, 8, 16 and 32 of pictures of any size.
    """
    pixels = pixels_of(name)
    model = name.removeprefix(TIMM).partition(".")[0]
    return BackboneSpec(
        f"{TIMM}{model}",
        f"timm's {model}, its maps at strides 4, 8, 16 and 32",
        f"timm's {source_of(model).__name__.rpartition('.')[2]}.py and what it names",
        TimmLayout(model, facts_of(model).channels),
        pixels=pixels,
        strides=STRIDES,
    )


def timm_network(spec: BackboneSpec, *, output_stride: OutputStride = 32, seed: int = 0) -> TimmNetwork:
    """Returns a new network of timm's; its weights are drawn from `seed` alone, as timm draws them.

    Args:
        spec: see `timm_spec`.
        output_stride: input pixels for one step of the coarsest map.
        seed: of the initialisation; torch's global generator is neither read nor moved.

    Raises:
        WeightsError: the network cannot be dilated to that stride.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TimmNetwork(spec, output_stride=output_stride)


class TimmNetwork(Backbone):
    """A network of timm's with maps at strides 4, 8, 16 and 32, or finer ones where timm can dilate it.

    Pictures are padded with zeros at the right and the bottom to a multiple of 32 pixels, which many of
    these networks insist on, and steps that show nothing but padding are cut off: maps for an image of
    H x W are H/4 x W/4 and so on, rounded up. Where H and W are such multiples, they are timm's.
    """

    is_staged = False

    def __init__(self, spec: BackboneSpec, *, output_stride: OutputStride = 32) -> None:
        super().__init__()
        assert isinstance(spec.layout, TimmLayout)
        self.describe_by(spec, output_stride=output_stride)
        self.model = spec.layout.model
        self.network = _network(self.model, self.strides)
        self._is_channels_last = getattr(self.network, "output_fmt", "NCHW") == "NHWC"

    def forward(self, images_NCHW: Tensor) -> list[Tensor]:
        height, width = images_NCHW.shape[2:]
        padded_NCHW = pad(images_NCHW, (0, -width % STRIDES[-1], 0, -height % STRIDES[-1]))
        maps = self.network(padded_NCHW)
        if self._is_channels_last:
            maps = [map_NHWC.permute(0, 3, 1, 2) for map_NHWC in maps]
        return [_cut(map_NCHW, images_NCHW.shape, padded_NCHW.shape) for map_NCHW in maps]

    def front_parameters(self, stages: int) -> list[nn.Parameter]:
        if stages == 0:
            return []
        front = facts_of(self.model).fronts[stages - 1]
        return [parameter for name, parameter in self.network.named_parameters() if name in front]

    def renamed(self, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Returns the tensors of a file of the full network, taken apart.

        Args:
            tensors: by timm's names, or by older ones that timm itself still reads.

        Returns:
            Those of this network, as `state_dict()` names them, with those that are nobody's, as the file
            names them; and those of the classifier and of what comes before it, by timm's names.
        """
        ours = {theirs: name for name, theirs in self._timms_names().items()}
        known = full_of(self.model).state_dict().keys()
        found = _converted(self.model, tensors)
        tail = {name: tensor for name, tensor in found.items() if name in known and name not in ours}
        return {ours.get(name, name): t for name, t in found.items() if name not in tail}, tail

    def classifier(self, tail: Mapping[str, Tensor]) -> nn.Module:
        """Returns timm's full network, undilated and in evaluation mode: normalised images to logits.

        Args:
            tail: what `renamed` says is not of this network.

        Raises:
            WeightsError: the tail is not just what this network lacks.
        """
        names = full_of(self.model).pretrained_cfg["classifier"]
        weight = f"{names if isinstance(names, str) else names[0]}.weight"
        if weight not in tail:
            raise WeightsError(
                f"{self.arch}: expected a classifier's {weight!r} beside the backbone, found none; "
                "take a file with a classifier"
            )
        with torch.random.fork_rng(devices=[]):
            full = timm_for(self.arch).create_model(
                self.model, num_classes=len(tail[weight]), **facts_of(self.model).any_size
            )
        own = self.state_dict()
        found = {theirs: own[name] for name, theirs in self._timms_names().items()} | dict(tail)
        report = report_on(full.state_dict(), found, source=self.arch, arch=self.arch)
        if not report.is_full:
            raise WeightsError(
                f"{self.arch}: expected all the tensors of its classifier, found {report.faults()}; "
                "take a file of the whole network"
            )
        full.load_state_dict(found, strict=False)  # all but the counters of batch norms, see `report_on`
        return full.to(next(self.parameters())).eval()  # type: ignore[no-any-return]

    def _timms_names(self) -> dict[str, str]:
        """Returns the name in timm's full network of each of our tensors.

        Where timm takes maps it writes `stages_0` for `stages.0` and may put a wrapper's name in front.
        """
        full, own = list(full_of(self.model).state_dict()), list(self.network.state_dict())
        known = {name.replace(".", "_"): name for name in full}
        wrapper = next(w for w in _WRAPPERS if all(n.startswith(w) and _plain(n, w) in known for n in own))
        names = {f"network.{name}": known[_plain(name, wrapper)] for name in own}
        assert len(known) == len(full), "two names differ in dots alone"
        assert len(set(names.values())) == len(own), "two names stand for one tensor"
        return names


def _plain(name: str, wrapper: str) -> str:
    return name.removeprefix(wrapper).replace(".", "_")


def _cut(map_NCHW: Tensor, size: torch.Size, padded: torch.Size) -> Tensor:
    steps = zip(map_NCHW.shape[2:], size[2:], padded[2:], strict=True)
    rows, columns = (-(-step * pixels // pixels_padded) for step, pixels, pixels_padded in steps)
    return map_NCHW[:, :, :rows, :columns]


def _converted(model: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns tensors by timm's names of today, as timm itself would read them."""
    full = full_of(model)
    known = {name: tensor.shape for name, tensor in full.state_dict().items()}
    convert = getattr(source_of(model), "checkpoint_filter_fn", None)
    if convert is None or all(known.get(name) == tensor.shape for name, tensor in tensors.items()):
        return dict(tensors)
    try:
        return dict(convert(dict(tensors), full))
    except Exception:  # it takes for granted that a file is for this network; if not, the report says so
        return dict(tensors)


def _network(model: str, strides: tuple[int, ...]) -> Any:
    facts = facts_of(model)
    make = partial(
        timm_for(model).create_model, model, features_only=True, out_indices=facts.indices, **facts.any_size
    )
    if strides == STRIDES:
        return make()
    try:
        network = make(output_stride=strides[-1])
    except (TypeError, AssertionError, RuntimeError) as error:
        raise _undilated(model, strides[-1]) from error
    if tuple(network.feature_info.reduction()) != strides:  # Swin takes the option and does nothing
        raise _undilated(model, strides[-1])
    return network


def _undilated(model: str, output_stride: int) -> WeightsError:
    return WeightsError(
        f"{TIMM}{model}: expected a network that can be dilated to output stride {output_stride}, found one "
        "with maps at strides 4, 8, 16 and 32 alone; give --set head.output_stride=32 to segment with it, "
        "or take another backbone"
    )
