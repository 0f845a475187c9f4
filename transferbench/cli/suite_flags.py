"""What the flags of `run` ask of a suite, resolved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.errors import ConfigError, RunError

if TYPE_CHECKING:
    from transferbench.recipes.recipe import Recipe
    from transferbench.recipes.suite import Suite


def suite_of(
    name: str, weights: Sequence[str] = (), *, is_public: bool = False
) -> tuple[Suite, tuple[Recipe, ...]]:
    """Returns a suite, and its rows and teachers.

    Args:
        name: of a shipped suite, or a path.
        weights: `RECIPE=BACKBONE`, for rows that are not to be pretrained.
        is_public: whether rows take the published weights that the suite names.

    Raises:
        ConfigError: the suite is faulty, or a flag names nothing of it.
    """
    from transferbench.recipes.load import load_suite, load_teachers
    from transferbench.recipes.substitutes import with_weights

    suite, rows = load_suite(name)
    given = _weights(weights)
    if is_public:
        if not suite.public:
            raise ConfigError(
                f"--public: expected a suite that names published weights, found {suite.name!r}, which names "
                "none; give --weights RECIPE=BACKBONE"
            )
        given = {**suite.public, **given}
    return with_weights(suite, (*rows, *load_teachers(name)), given)


def seeds_of(suite: Suite, text: str | None, first: int = 0) -> tuple[int, ...]:
    """Returns the seeds to run: as many as asked for, those that are listed, or the suite's own.

    Args:
        suite: that has seeds of its own.
        text: a count as `3`, a list as `0,2,5` or `5,`, or None.
        first: seed of the first repeat.

    Raises:
        ConfigError: the text is neither, names a seed twice, or the suite's repeats would meet each other.
    """
    from transferbench.recipes.suite import seeds_that_clash

    if text is None:
        seeds = tuple(first + seed for seed in suite.seeds)
    else:
        listed = text.rstrip(",").split(",")
        is_list = "," in text
        if not all(word.strip().isdecimal() for word in listed) or (not is_list and int(text) < 1):
            raise ConfigError(f"--seeds: expected a count as 3, or a list as 0,2,5, found {text!r}")
        if is_list and first:
            raise ConfigError("--first-seed: expected a count as --seeds, found a list; leave it out")
        seeds = tuple(map(int, listed)) if is_list else tuple(range(first, first + int(text)))
    clash = seeds_that_clash(seeds, suite.repeats)
    if clash is not None:
        raise ConfigError(
            f"--seeds: expected seeds that differ, found {clash} twice"
            + (f", once as a repeat of another (repeats = {suite.repeats})" if suite.repeats > 1 else "")
            + "; leave one out"
        )
    return seeds


def devices_of(text: str | None, *, device: str | None, jobs: int | None) -> tuple[str, ...]:
    """Returns the devices of the processes that do a run each, which are then on this machine.

    Args:
        text: as `0,1` or `cuda:0,cuda:1`; one that is named twice has two runs at a time; None for none.
        device: as --device says.
        jobs: as --jobs says.

    Raises:
        ConfigError: there is another flag that says the same.
        RunError: there is no such device.
    """
    if text is None:
        return ()
    for flag, value in (("--device", device), ("--jobs", jobs)):
        if value is not None:
            raise ConfigError(
                f"{flag}: expected nothing beside --devices, which says it already, found {value!r}; leave "
                "one of them out"
            )
    names = [name.strip() for name in text.split(",")]
    if "" in names:
        raise ConfigError(f"--devices: expected a list as 0,1 or cuda:0,cuda:1, found {text!r}; write it so")
    return tuple(_device_of(name, text) for name in names)


def require_device(name: str | None) -> None:
    """Refuses a device that this machine has not; none that is named takes the fastest.

    Raises:
        RunError: there is no such device.
    """
    if name not in (None, "cpu"):
        from transferbench.engine.device import pick_device

        pick_device(name)


def _device_of(name: str, text: str) -> str:
    """Returns one device of a list as torch calls it; a fault names the flag as it was written."""
    from transferbench.engine.device import pick_device

    try:
        return str(pick_device(f"cuda:{name}" if name.isdecimal() else name))
    except RunError as error:
        _, _, rest = str(error).partition(", found none")
        raise RunError(
            f"--devices {text!r}: expected devices of this machine, {name!r} is none{rest}"
        ) from error


def _weights(flags: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for flag in flags:
        name, equals, source = flag.partition("=")
        if not (equals and name and source) or name in given:
            raise ConfigError(
                f"--weights {flag!r}: expected RECIPE=BACKBONE, once a recipe, found other words; write it so"
            )
        given[name] = source
    return given


def folder_of(suite: Suite, out: Path | None) -> Path:
    """Returns the folder of a suite's runs: as asked, or by its name."""
    return out or Path("runs") / suite.name


def places(devices: str | None) -> int:
    """Returns how many runs would be done at a time, torch unasked: one a device, or else a core."""
    from transferbench.cli.requests import job_count

    if devices is not None:
        return len(devices.split(","))
    return len(list(Path("/dev").glob("nvidia[0-9]*"))) or job_count(None)
