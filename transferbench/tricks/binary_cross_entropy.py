"""Binary cross-entropy in place of softmax.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    from torch import Tensor

Reduction = Literal["sum", "mean"]


class BinaryCrossEntropy(Trick):
    """Asks of each class by itself whether it is in the image, in place of which one of them it is.

    With mixed images more than one is, which a softmax cannot say. It takes the place of the cross-entropy;
    smoothed and mixed targets stay as they are, unless `threshold` decides them.
    """

    source: ClassVar[str] = (
        "Wightman et al. 2021, on the loss; timm's `--bce-loss`, `--bce-sum` and `--bce-target-thresh`; "
        "not in He et al. 2019"
    )
    reduction: Reduction = "sum"
    """Over the classes. `sum` keeps gradients of the size that the plan's rate is made for; `mean`, timm's
    default, makes them smaller by the number of classes, for an optimizer that does not see their size."""
    threshold: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Targets above it become 1, the others 0; None keeps them as they are."""

    def reshape_loss(
        self, loss: Tensor, *, images_NCHW: Tensor, logits_NK: Tensor, targets_NK: Tensor
    ) -> Tensor:
        return binary_cross_entropy(logits_NK, targets_NK, reduction=self.reduction, threshold=self.threshold)


def binary_cross_entropy(
    logits_NK: Tensor, targets_NK: Tensor, *, reduction: Reduction = "sum", threshold: float | None = None
) -> Tensor:
    """Returns the mean over images of the binary cross-entropies of all classes, a scalar.

    Args:
        logits_NK: any.
        targets_NK: in [0, 1].
        reduction: over the classes.
        threshold: targets above it count as 1, the others as 0; None takes them as they are.

    Source:
        Wightman et al. 2021, on the loss.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    if threshold is not None:
        targets_NK = targets_NK.gt(threshold).to(targets_NK.dtype)
    loss_NK = binary_cross_entropy_with_logits(logits_NK, targets_NK, reduction="none")
    loss_N = loss_NK.sum(dim=1) if reduction == "sum" else loss_NK.mean(dim=1)
    return loss_N.mean()
