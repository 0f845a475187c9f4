"""What of a file fits a backbone, and whether it is sane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LoaderReport:
    """What of a file went into a backbone, and how it was to be used."""

    source: str
    """As it was asked for."""
    arch: str
    was_random: bool = False
    """Whether there was nothing to load: the control."""
    origin: str = ""
    """Where the file came from: a path, an address, or repository, commit and file of a hub."""
    sha256: str = ""
    """Of the file; over its sha256 and the seed where its weights were shuffled."""
    shuffled_from: str = ""
    """sha256 of the file whose weights were shuffled: the other control; empty where none were."""
    sha256_from: str = ""
    """What it was held against: `the index`, `recorded before` or `recorded now`; empty for a local file."""
    wrappings: tuple[str, ...] = ()
    """Keys and prefixes that were taken off the names, outermost first."""
    left_out: tuple[str, ...] = ()
    """Tensors that stood beside the network within its wrappings."""
    matched: int = 0
    """Tensors of the body found in the file."""
    missing: tuple[str, ...] = ()
    """Tensors of the body that the file lacks."""
    misshapen: tuple[str, ...] = ()
    """Tensors of the body that the file has in another shape, with both shapes."""
    unexpected: tuple[str, ...] = ()
    """Tensors of the file that are neither body nor classifier."""
    allowed_missing: tuple[str, ...] = ()
    """Tensors of the body that the file lacks, with leave: they keep their initial values."""
    classifier: tuple[str, ...] = ()
    """Tensors of the file's classifier, which is no part of a backbone."""
    classes: int | None = None
    """Outputs of the classifier; None if there is none."""
    twins: tuple[str, ...] = ()
    """Other networks whose tensors have the same names and shapes, where only the user said which it is."""
    share_loaded: float = 0.0
    """Of the numbers in the body, in [0, 1]."""
    dtypes: tuple[str, ...] = ()
    """Of the body's tensors in the file; the backbone has float32."""
    norms: int = 0
    """Batch norms whose statistics were read and found sane."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Mean, padding, ... to value and who told it."""

    @property
    def is_control(self) -> bool:
        """Whether there is nothing of a training in the backbone but, at most, its scale."""
        return self.was_random or bool(self.shuffled_from)

    @property
    def is_full(self) -> bool:
        """Whether the file is the body, all of it but what may be missing, and nothing but the body."""
        return bool(self.matched) and not (self.missing or self.misshapen or self.unexpected)

    @property
    def values(self) -> dict[str, Any]:
        """Setting to value, whoever told it."""
        return {key: setting["value"] for key, setting in self.settings.items()}

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
    expected: Mapping[str, Tensor],
    found: Mapping[str, Tensor],
    *,
    source: str,
    arch: str,
    allow_missing: Sequence[str] = (),
) -> LoaderReport:
    """Returns how the tensors found fit a body; those of the classifier are left to the caller.

    The counters of batch norms take no part: they steer nothing and older files lack them.

    Args:
        expected: the body's state dict.
        found: name to tensor of the file.
        source: as it was asked for.
        arch: the body's.
        allow_missing: patterns, as `*.running_*`, of names that the file may lack.
    """
    wanted = {name: tensor for name, tensor in expected.items() if not is_counter(name)}
    misshapen = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
    matched = [name for name in wanted if name in found and name not in misshapen]
    absent = [name for name in wanted if name not in found]
    allowed = [name for name in absent if _is_allowed(name, allow_missing)]
    return LoaderReport(
        source=source,
        arch=arch,
        matched=len(matched),
        missing=tuple(name for name in absent if name not in set(allowed)),
        misshapen=tuple(
            f"{name}: {_shape(found[name])} in place of {_shape(wanted[name])}" for name in misshapen
        ),
        unexpected=tuple(name for name in found if not (name in expected or is_counter(name))),
        allowed_missing=tuple(allowed),
        share_loaded=_numbers(wanted[name] for name in matched) / _numbers(wanted.values()),
        dtypes=tuple(sorted({_dtype(found[name]) for name in matched})),
        norms=sum(name.endswith("running_var") for name in matched),
    )


def insane(tensors: Mapping[str, Tensor], *, allow_missing: Sequence[str] = ()) -> str | None:
    """Returns in words the first thing that no trained network has; None if all is well.

    That is NaN or infinity; integers or nothing but zeros for weights; a batch norm's variance that is not
    above zero; statistics of most batch norms as they were made. What may be missing may be so too.
    """
    checked = {name: t for name, t in tensors.items() if not _is_allowed(name, allow_missing)}
    for name, tensor in tensors.items():
        if not _computable(tensor).isfinite().all():
            return f"NaN or infinity in {name!r}"
    for name, tensor in checked.items():
        if name.endswith((".weight", ".bias")) and not tensor.is_floating_point():
            return f"integers ({_dtype(tensor)}) in {name!r}"
        if name.endswith(".weight") and tensor.dim() > 1 and not _computable(tensor).any():
            return f"nothing but zeros in {name!r}"
    variances = {name: t for name, t in checked.items() if name.endswith("running_var")}
    for name, variance in variances.items():
        if not (variance > 0).all():
            return f"a variance of {variance.min().item():.3g} in {name!r}"
    untouched = [name for name, variance in variances.items() if _is_untouched(name, variance, tensors)]
    if 2 * len(untouched) > len(variances):
        return (
            f"{len(untouched)} of {len(variances)} batch norms with the statistics they were made with "
            f"(mean 0, variance 1; the first is {untouched[0]!r})"
        )
    return None


def _is_allowed(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_untouched(name: str, variance: Tensor, tensors: Mapping[str, Tensor]) -> bool:
    mean = tensors.get(f"{name.removesuffix('running_var')}running_mean")
    return bool((variance == 1).all()) and (mean is None or not mean.any())


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _computable(tensor: Tensor) -> Tensor:
    """Returns the tensor, as float32 if it is of one byte, of which torch computes nothing."""
    return tensor.float() if tensor.is_floating_point() and tensor.element_size() == 1 else tensor


def percent(share: float) -> str:
    """Returns a share in percent, cut off and not rounded: what is not all never reads as 100.0."""
    return f"{int(share * 1000) / 10:.1f}%"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def is_counter(name: str) -> bool:
    """Returns whether a tensor counts the batches that a batch norm has seen."""
    return name.endswith("num_batches_tracked")


def _numbers(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)
