"""Residual blocks that start as the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from transferbench.errors import ConfigError
from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    from torch import nn

    from transferbench.tricks.base import Load


@runtime_checkable
class ResidualBlock(Protocol):
    """A module that adds a branch to its input; whoever writes one makes `last_norm` a property."""

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The norm that ends the branch, before the sum."""


class ZeroGamma(Trick):
    """Sets gamma of the last norm of every residual branch to zero.

    The new network is then as shallow as its shortcuts, which are easy to train; the branches grow
    in as their gammas leave zero.
    """

    source: ClassVar[str] = "Goyal et al. 2017, section 5.1; He et al. 2019, section 3.1"

    def prepare(self, model: nn.Module, load: Load) -> None:
        blocks = [module for module in model.modules() if isinstance(module, ResidualBlock)]
        if not blocks:
            raise ConfigError(
                "tricks.zero_gamma: expected a network with residual branches, "
                f"found none in {type(model).__name__}; switch it off or take a residual backbone"
            )
        for block in blocks:
            block.last_norm.weight.detach().zero_()
