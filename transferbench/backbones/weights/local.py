"""Sources on this machine: files, folders of runs, and networks that were never trained. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from transferbench.backbones.card import FILE_NAME, WeightsCard, read_card
from transferbench.backbones.catalog import BACKBONES, TIMM, spec_of
from transferbench.backbones.weights.tensors import SUFFIXES
from transferbench.errors import WeightsError

RANDOM = "random:"
"""Before an architecture: the control without training."""
SHUFFLED = "shuffled:"
"""Before any source of trained weights: the control without their structure."""


def file_of(source: str) -> Path:
    """Returns the file of weights that a path or the folder of a run stands for.

    Raises:
        WeightsError: there is none.
    """
    path = Path(source)
    if source and path.is_dir():
        path = path / FILE_NAME
        fault = "a folder without it; finish the pretraining first"
    else:
        fault = "nothing; check the name"
    if not path.is_file():
        raise WeightsError(
            f"{source or repr(source)}: expected '{RANDOM}ARCH', '{SHUFFLED}BACKBONE', a run's folder with "
            f"{FILE_NAME}, a file ({', '.join(SUFFIXES)}), timm:NAME, torchvision:NAME, hf:ORG/REPO or a "
            f"name of `weights list`, found {fault}"
        )
    return path


def random_like(source: str) -> tuple[str, WeightsCard | None]:
    """Returns the architecture of `random:ARCH`, or that of the file in `random:FILE` with its card.

    Raises:
        WeightsError: there is no such architecture, or the file has no card.
    """
    name = source.removeprefix(RANDOM)
    if name in BACKBONES or name.startswith(TIMM) or not (name and Path(name).exists()):
        return spec_of(name).name, None
    card = read_card(file_of(name))
    if card is None:
        raise WeightsError(f"{source}: expected a file with a card, found none in it; name an architecture")
    return card.arch, card


def unshuffled(source: str) -> str:
    """Returns what `shuffled:BACKBONE` shuffles; any other source as it is.

    Raises:
        WeightsError: there is nothing trained to shuffle.
    """
    base = source.removeprefix(SHUFFLED)
    if base != source and (not base or base.startswith((RANDOM, SHUFFLED))):
        found = repr(base) if base else "nothing"
        raise WeightsError(
            f"{source}: expected trained weights after '{SHUFFLED}', found {found}; name a run folder, a "
            "file or other weights that were trained"
        )
    return base


def require_local(source: str) -> None:
    """Refuses a source of this machine that is not there.

    Raises:
        WeightsError: see `file_of` and `random_like`.
    """
    if source.startswith(RANDOM):
        random_like(source)
    else:
        file_of(source)
