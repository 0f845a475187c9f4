"""What a packed picture is called."""

from __future__ import annotations

import re
from pathlib import PurePath

from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.source import Source

_UNFIT = re.compile(r"[^\w-]+")


def keys_of(source: Source) -> Names:
    """Returns a key for each picture: class and file name, as `n01440764_10026`; a number if that is taken.

    What is neither letter, digit, `-` nor `_` becomes `_`; above all the dot, at which readers part a key
    from its extension.
    """
    taken: set[str] = set()
    repeats: dict[str, int] = {}

    def free(key: str) -> str:
        name = key
        while name in taken:
            repeats[key] = repeats.get(key, 1) + 1
            name = f"{key}_{repeats[key]}"
        taken.add(name)
        return name

    classes = [_fit(name) for name in source.classes]
    return Names.of(
        free(_key(classes[label], source.name(index))) for index, label in enumerate(source.labels)
    )


def _key(class_name: str, name: str) -> str:
    stem = _fit(PurePath(re.split(r"[/\\:]", name)[-1]).stem)
    return stem if stem == class_name or stem.startswith(f"{class_name}_") else f"{class_name}_{stem}"


def _fit(text: str) -> str:
    return _UNFIT.sub("_", text).strip("_") or "_"
