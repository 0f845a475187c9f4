"""Torchvision's own FCN with the layers and weights of ours.

Dimension key: N images, H x W pixels.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.models.segmentation import fcn_resnet50

from transferbench.tasks.segment.model.fcn import Fcn
from transferbench.tasks.segment.sources.masks import IGNORED

ARCH = "resnet50_b"
"""Ours, that torchvision's is the same as."""
_HEADS = {"head": "classifier", "auxiliary": "aux_classifier"}
_LAYERS = {"convolutions.0.0": "0", "convolutions.0.1": "1", "classify": "4"}


def torchvision_segmenter(ours: Fcn) -> nn.Module:
    """Returns torchvision's `fcn_resnet50` with its auxiliary head and a copy of our weights.

    Args:
        ours: with a `resnet50_b` at output stride 8, and heads of one convolution.
    """
    model: nn.Module = fcn_resnet50(
        weights=None, weights_backbone=None, num_classes=ours.head.classify.out_channels, aux_loss=True
    )
    model.load_state_dict({_theirs(name): tensor for name, tensor in ours.state_dict().items()})
    return model


def torchvision_loss(
    model: nn.Module, pixels_N3HW: Tensor, labels_NHW: Tensor, auxiliary_weight: float
) -> Tensor:
    """Returns the loss as torchvision's reference takes it.

    Args:
        model: see `torchvision_segmenter`.
        pixels_N3HW: normalised.
        labels_NHW: int64.
        auxiliary_weight: of the auxiliary head's loss.
    """
    logits = model(pixels_N3HW)
    main, auxiliary = (
        cross_entropy(logits[name], labels_NHW, ignore_index=IGNORED) for name in ("out", "aux")
    )
    return main + auxiliary_weight * auxiliary


def _theirs(name: str) -> str:
    part, rest = name.split(".", 1)
    if part not in _HEADS:
        return name
    layer, value = rest.rsplit(".", 1)
    return f"{_HEADS[part]}.{_LAYERS[layer]}.{value}"
