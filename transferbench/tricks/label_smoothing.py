"""Label smoothing.

Dimension key: N images of a batch, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from transferbench.errors import ConfigError
from transferbench.tricks.base import Form, Trick

if TYPE_CHECKING:
    from torch import Tensor


class LabelSmoothing(Trick):
    """Moves a share `epsilon` of each target to the other classes, so that no logit must grow without bound.

    The paper and its released code share it out differently. The default is `released`, because
    the numbers of the paper's Table 6 are those of the released logs; it is also what
    `torch.nn.functional.cross_entropy(label_smoothing=)` does.
    """

    source: ClassVar[str] = "Szegedy et al. 2016; He et al. 2019, section 5.2"
    epsilon: Annotated[float, Field(gt=0, lt=1)] = 0.1
    form: Form = "released"
    """`paper`: epsilon/(K-1) on each wrong class; `released`: epsilon/K on every class, right or wrong."""

    def soften(self, targets_NK: Tensor) -> Tensor:
        return smooth(targets_NK, self.epsilon, form=self.form)


def smooth(targets_NK: Tensor, epsilon: float, *, form: Form = "released") -> Tensor:
    """Returns the targets with a share of each moved to the other classes; rows keep their sum of one.

    With one-hot targets the right class gets 1 - epsilon (`paper`) or 1 - epsilon + epsilon/K (`released`).

    Args:
        targets_NK: distributions.
        epsilon: share that is moved, in (0, 1).
        form: `paper` for equation 4 of the paper, `released` for the code of its authors.

    Raises:
        ConfigError: there is but one class.

    Source:
        He et al. 2019, section 5.2; GluonCV's `train_imagenet.py`.
    """
    classes = targets_NK.shape[1]
    if classes < 2:
        raise ConfigError(
            f"tricks.label_smoothing: expected at least 2 classes, found {classes}; "
            "switch it off or take data with more classes"
        )
    if form == "paper":
        return targets_NK * (1 - epsilon) + (1 - targets_NK) * (epsilon / (classes - 1))
    return targets_NK * (1 - epsilon) + epsilon / classes
