"""Whether runs can start, as far as files and settings tell before one does. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.backbones.card import WeightsCard, read_card
from transferbench.backbones.catalog import BACKBONES, TIMM, require_form, spec_of
from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.load import settled
from transferbench.backbones.weights.local import RANDOM, file_of, random_like, unshuffled
from transferbench.backbones.weights.settings import settle
from transferbench.backbones.weights.sources import TORCHVISION, is_remote, resolve
from transferbench.errors import ConfigError, RunError, TransferbenchError, WeightsError
from transferbench.recipes.recipe import TAUGHT_BY
from transferbench.runs.cell import Cell
from transferbench.runs.data_there import require_layout
from transferbench.runs.record import FILE_NAME as RECORD_FILE
from transferbench.tasks.catalog import TaskName

_Check = Callable[[], None]


def require_ready(cells: Sequence[Cell], data: Mapping[TaskName, Path]) -> None:
    """Refuses runs of which one would fail for what its files and settings are; nothing is fetched.

    Args:
        cells: of a suite.
        data: data folder of each task; those of a task without one are not looked for.

    Raises:
        TransferbenchError: the fault, or all of them.
    """
    faults: list[TransferbenchError] = []
    for check in _checks(cells, data):
        try:
            check()
        except TransferbenchError as error:
            if str(error) not in map(str, faults):
                faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        lines = "\n".join(f"  {fault}".replace("\n", "\n  ") for fault in faults)
        raise ConfigError(f"expected runs that can start, found {len(faults)} faults:\n{lines}")


def _checks(cells: Sequence[Cell], data: Mapping[TaskName, Path]) -> Iterator[_Check]:
    """Yields what is to be held of the runs, once for all of which it is the same."""
    layouts = {
        (cell.task, cell.protocol.key, data[cell.task]): partial(
            require_layout, cell.protocol, data[cell.task]
        )
        for cell in cells
        if cell.task in data
    }
    yield from layouts.values()
    yield from {(cell.recipe.name, cell.task): partial(_require_weights, cell) for cell in cells}.values()
    for need in dict.fromkeys(need for cell in cells for need in cell.needs):
        yield partial(_require_backbone, need)


def _require_backbone(folder: Path) -> None:
    if (folder / RECORD_FILE).is_file() and not (folder / BACKBONE_FILE).is_file():
        raise RunError(
            f"{folder}: expected {BACKBONE_FILE} of the finished pretraining, which other runs need, found "
            "no such file; put it back, or move the folder away to pretrain again"
        )


def _require_weights(cell: Cell) -> None:
    """Refuses weights that are not there, and settings that they do not have."""
    distillation = cell.recipe.tricks.distillation
    if cell.weights is None:
        teacher = "" if distillation is None else distillation.teacher
        if teacher and not teacher.startswith(TAUGHT_BY) and not is_remote(teacher):
            _told_of(cell, "teacher", lambda: str(file_of(teacher)))
        return
    recipe = cell.recipe

    def look() -> None:
        asked = Asked(recipe.arch, recipe.settings, recipe.allow_missing, cell.trust)
        arch, card, hints = _known_of(cell, unshuffled(str(cell.weights)))
        if arch is None or arch.startswith(TIMM):  # the keys and values at least
            settle(BACKBONES["resnet50"], asked=recipe.settings)
            return
        require_form(spec_of(arch), settled(arch, cell.protocol.use, asked, card=card, hints=hints).form)

    _told_of(cell, "weights", look)


def _known_of(cell: Cell, source: str) -> tuple[str | None, WeightsCard | None, Hints | None]:
    """Returns architecture, card and hints of a source, as far as nothing heavy is needed."""
    arch = cell.recipe.arch
    if cell.needs:
        return arch, None, None
    if source.startswith(RANDOM):
        is_timms = source.startswith(f"{RANDOM}{TIMM}")
        return (TIMM, None, None) if is_timms else (*random_like(source), None)
    if source.startswith((TIMM, TORCHVISION)):
        return arch, None, None
    if is_remote(source):
        hints = resolve(source).hints
        return arch or (None if hints is None else hints.arch), None, hints
    path = file_of(source)
    card = read_card(path)
    if card is None and arch is None:
        raise WeightsError(
            f"{path}: expected a card in the header or a named architecture, found neither; say "
            'arch = "..." in the recipe'
        )
    return arch or (None if card is None else card.arch), card, None


def _told_of(cell: Cell, what: str, look: Callable[[], object]) -> None:
    """Looks, and says of whose weights a fault is told."""
    try:
        look()
    except WeightsError as error:
        raise WeightsError(f"{what} of {cell.recipe.name!r}: {error}") from error
