"""What flags ask for, resolved."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from transferbench.errors import ConfigError, nearest

if TYPE_CHECKING:
    from transferbench.backbones.weights.asked import Asked
    from transferbench.runs.cell import Machine
    from transferbench.runs.folder import IfFull
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.catalog import TaskName

MINIATURE = Path("data/miniature")
_OF_WEIGHTS = "weights."


def machine_of(
    *,
    device: str | None,
    workers: int,
    threads: int | None,
    precision: str | None = None,
    cache: str = "auto",
) -> Machine:
    """Returns the machine that flags describe.

    Raises:
        ConfigError: there is no such precision or mode of the cache.
    """
    from transferbench.engine.plan import Precision
    from transferbench.runs.cell import Machine
    from transferbench.tasks.base import CacheMode

    known = get_args(Precision)
    if precision is not None and precision not in known:
        raise ConfigError(f"--precision: expected one of {', '.join(known)}, found {precision!r}")
    command = shlex.join(["transferbench", *sys.argv[1:]])
    modes = get_args(CacheMode)
    if cache not in modes:
        raise ConfigError(f"--cache: expected one of {', '.join(modes)}, found {cache!r}")
    return Machine(device, workers, threads, precision, command, cache)  # type: ignore[arg-type]


def if_full(*, resume: bool, overwrite: bool) -> IfFull:
    """Returns what to do with a folder that is not empty.

    Raises:
        ConfigError: both flags are given.
    """
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite: expected one of them, found both; leave one out")
    return "resume" if resume else "overwrite" if overwrite else "refuse"


def data_folders(
    flags: Iterable[str] | None,
    protocols: dict[TaskName, TaskProtocol],
    *,
    further: Collection[TaskName] = (),
) -> dict[TaskName, Path]:
    """Returns the data folder of each task; the miniature world is drawn where it is all that is asked for.

    Args:
        flags: `DIR` for all tasks, `TASK=DIR` for one.
        protocols: of each task that needs data.
        further: tasks that may be given a folder and need none this time.

    Raises:
        ConfigError: a task is unknown or has no folder.
        DataError: a folder is not there.
    """
    folders = given_folders(flags, protocols, further=further)
    lacking = {task: protocol for task, protocol in protocols.items() if task not in folders}
    for task, protocol in lacking.items():
        if protocol.name != "miniature":
            raise ConfigError(
                f"--data: expected the data folder for {task} by {protocol.key}, found none; give --data DIR"
            )
    if lacking:
        from transferbench.cli.data import draw

        draw(MINIATURE)
        folders |= dict.fromkeys(lacking, MINIATURE)
    return folders


def given_folders(
    flags: Iterable[str] | None, protocols: Collection[TaskName], *, further: Collection[TaskName] = ()
) -> dict[TaskName, Path]:
    """Returns the data folder of each task that a flag gives one.

    Args:
        flags: `DIR` for all tasks, `TASK=DIR` for one.
        protocols: tasks that need data.
        further: tasks that may be given a folder and need none this time.

    Raises:
        ConfigError: a task is unknown.
        DataError: a folder is not there.
    """
    folders: dict[TaskName, Path] = {}
    known = [*protocols, *(name for name in further if name not in protocols)]
    for flag in flags or ():
        word, equals, folder = flag.partition("=")
        if not equals or Path(flag).exists():
            folders = dict.fromkeys(protocols, _existing(Path(flag))) | folders
            continue
        task = next((name for name in known if name == word), None)
        if task is None:
            raise ConfigError(
                f"--data {flag!r}: expected DIR or TASK=DIR with a task of {', '.join(known)}; "
                f"found {word!r}, which is no task; {nearest(word, known)}"
            )
        folders[task] = _existing(Path(folder))
    return folders


def parted(sets: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Returns what `--set weights.KEY=VALUE` says of the weights, and the changes to the protocol.

    Raises:
        ConfigError: a setting of the weights is not named as one.
    """
    from transferbench.backbones.weights.settings import KEYS
    from transferbench.recipes.load import with_sets

    for text in sets:
        key = text.partition("=")[0].strip()
        if key in KEYS:
            raise ConfigError(
                f"--set {text!r}: expected a setting of the protocol, found one of the weights; "
                f"write --set {_OF_WEIGHTS}{text}"
            )

    own, others = sets_below(_OF_WEIGHTS, sets)
    return with_sets({}, own), others


def sets_below(table: str, sets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the changes below a table, as `weights.`, its name taken off; and the others as they are."""
    own = [text.removeprefix(table) for text in sets if text.startswith(table)]
    return own, [text for text in sets if not text.startswith(table)]


def asked_by(arch: str | None, sets: list[str] | None, allow_missing: list[str] | None, trust: bool) -> Asked:
    """Returns what flags add to what a source says of itself."""
    from transferbench.backbones.weights.asked import Asked
    from transferbench.recipes.load import with_sets

    return Asked(arch, with_sets({}, sets or ()), tuple(allow_missing or ()), trust)


def require_one_process(command: str) -> None:
    """Refuses several processes, as `torchrun` starts them, where each would do all of the work.

    Raises:
        ConfigError: there is another one.
    """
    from transferbench.engine.world import world_here

    world = world_here()
    if not world.is_alone:
        raise ConfigError(
            f"{command}: expected one process, found {world.size}; start it without torchrun, with --jobs "
            "for several runs at a time (several processes share a run in `pretrain` alone)"
        )


def require_format(form: str, known: Sequence[str]) -> None:
    """Refuses an unknown `--format`.

    Raises:
        ConfigError: it is none of the known ones.
    """
    if form not in known:
        raise ConfigError(f"--format: expected {_either(known)}, found {form!r}")


def job_count(jobs: int | None) -> int:
    """Returns how many processes are at work at a time: as asked, or one a core that this one may use."""
    return jobs or len(os.sched_getaffinity(0))


def run_count(jobs: int | None, device: str | None) -> int:
    """Returns how many runs are done at a time: as asked, or one an accelerator, or else one a core."""
    from transferbench.engine.device import accelerators

    return jobs or accelerators(device) or job_count(None)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"


def _existing(folder: Path) -> Path:
    from transferbench.errors import DataError

    if not folder.is_dir():
        raise DataError(f"--data {str(folder)!r}: expected a folder, found none; check the path")
    return folder
