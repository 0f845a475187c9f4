"""What of a file fits a backbone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LoaderReport:
    """What of a file went into a backbone."""

    source: str
    """As it was asked for."""
    arch: str
    was_random: bool = False
    """Whether there was nothing to load: the control."""
    sha256: str = ""
    """Of the file."""
    matched: int = 0
    """Tensors of the body found in the file."""
    missing: tuple[str, ...] = ()
    """Tensors of the body that the file lacks."""
    misshapen: tuple[str, ...] = ()
    """Tensors of the body that the file has in another shape."""
    unexpected: tuple[str, ...] = ()
    """Tensors of the file that are neither body nor classifier."""
    classifier: tuple[str, ...] = ()
    """Tensors of the file's classifier, which is no part of a backbone."""
    share_loaded: float = 0.0
    """Of the numbers in the body, in [0, 1]."""

    @property
    def is_full(self) -> bool:
        """Whether the file is the body, the whole body and nothing but the body."""
        return self.share_loaded == 1.0 and not (self.missing or self.misshapen or self.unexpected)

    def as_dict(self) -> dict[str, Any]:
        """Returns the report as a record stores it."""
        return asdict(self)

    def faults(self) -> str:
        """Returns in words what does not fit, each kind with its first tensor."""
        kinds = {"missing": self.missing, "of another shape": self.misshapen, "unexpected": self.unexpected}
        return ", ".join(
            f"{len(names)} {kind} (the first is {names[0]!r})" for kind, names in kinds.items() if names
        )


def report_on(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], *, source: str, arch: str, sha256: str = ""
) -> LoaderReport:
    """Returns how the tensors found fit a body; those of the classifier are left to the caller.

    The counters of batch norms take no part: they steer nothing and older files lack them.

    Args:
        expected: the body's state dict.
        found: name to tensor of the file.
        source: as it was asked for.
        arch: the body's.
        sha256: of the file.
    """
    wanted = {name: tensor for name, tensor in expected.items() if not _is_counter(name)}
    misshapen = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
    matched = [name for name in wanted if name in found and name not in misshapen]
    return LoaderReport(
        source=source,
        arch=arch,
        sha256=sha256,
        matched=len(matched),
        missing=tuple(name for name in wanted if name not in found),
        misshapen=tuple(misshapen),
        unexpected=tuple(name for name in found if not (name in expected or _is_counter(name))),
        share_loaded=_numbers(wanted[name] for name in matched) / _numbers(wanted.values()),
    )


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _numbers(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)
