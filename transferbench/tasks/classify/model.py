"""A backbone with a linear classifier.

Dimension key: N images, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.backbones.weights import load_backbone
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
        logits: Tensor = self.fc(maps[-1].mean((2, 3)))
        return logits


def load_classifier(source: str) -> Classifier:
    """Returns a pretrained classifier in eval mode, its parameters fixed.

    Args:
        source: a run folder of a pretraining, or the file of its weights.

    Raises:
        WeightsError: there are no such weights, or they hold a backbone without a classifier.
    """
    loaded = load_backbone(source)
    if not loaded.head or loaded.card is None:
        raise WeightsError(
            f"{source}: expected the weights of a classifier, found a backbone without one; "
            "name a pretraining's run folder"
        )
    model = Classifier(loaded.backbone, len(loaded.card.classes), seed=0)
    model.fc.load_state_dict(dict(loaded.head))
    return model.eval().requires_grad_(False)
