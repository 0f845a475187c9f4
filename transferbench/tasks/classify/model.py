"""A backbone with a linear classifier.

Dimension key: N images, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from transferbench.backbones.base import Backbone
from transferbench.backbones.timm_network import TimmNetwork
from transferbench.backbones.weights.load import LoadedBackbone, load_backbone
from transferbench.errors import WeightsError


class Classifier(nn.Module):
    """Backbone, mean over the last map, linear layer."""

    def __init__(self, backbone: Backbone, classes: int, seed: int) -> None:
        super().__init__()
        self.backbone = backbone
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.fc = nn.Linear(backbone.channels[-1], classes)
            nn.init.normal_(self.fc.weight, std=0.01)
            nn.init.zeros_(self.fc.bias)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Returns logits (N, K) of RGB images in [0, 1]."""
        maps = self.backbone(self.backbone.normalize(images_NCHW))
        pooled_NC = dropout(maps[-1].mean((2, 3)), self.backbone.dropout, self.training)
        logits: Tensor = self.fc(pooled_NC)
        return logits


class Prepared(nn.Module):
    """A classifier of normalised images, given images in [0, 1]."""

    def __init__(self, backbone: Backbone, network: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.network = network

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Returns logits (N, K) of RGB images in [0, 1]."""
        logits: Tensor = self.network(self.backbone.normalize(images_NCHW))
        return logits


def load_classifier(source: str) -> nn.Module:
    """Returns a pretrained classifier in eval mode, its parameters fixed.

    Args:
        source: as `load_backbone` takes it.

    Raises:
        WeightsError: there are no such weights, or they hold a backbone without a classifier.
    """
    return classifier_of(load_backbone(source))


def classifier_of(loaded: LoadedBackbone) -> nn.Module:
    """Returns RGB images in [0, 1] to logits (N, K), in eval mode, its parameters fixed.

    Raises:
        WeightsError: the weights have no classifier, or none of one linear layer.
    """
    backbone, head, source = loaded.backbone, loaded.head, loaded.report.source
    if isinstance(backbone, TimmNetwork) and head and not loaded.has_linear_head:
        model: nn.Module = Prepared(backbone, backbone.classifier(head))
        return model.eval().requires_grad_(False)
    if not head:
        raise WeightsError(
            f"{source}: expected the weights of a classifier, found a backbone without one; "
            "take a file that has its classifier"
        )
    if not loaded.has_linear_head:
        raise WeightsError(
            f"{source}: expected a classifier of one linear layer on {backbone.channels[-1]} channels, "
            f"found {', '.join(map(repr, head))}; its backbone can be used, its classifier cannot"
        )
    linear = Classifier(backbone, len(head["bias"]), seed=0)
    linear.fc.load_state_dict(dict(head))
    return linear.eval().requires_grad_(False)
