"""Writing a world: whole or not at all, the same for one seed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.miniature.tiny import TINY
from transferbench.errors import ConfigError, DataError
from transferbench.miniature import draw, sizes, voc
from transferbench.miniature.make import make

Patch = pytest.MonkeyPatch
ONE = replace(TINY, imagenet_train=3, imagenet_val=1, voc2007_trainval=2, ade_training=1)


def left(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def message(root: Path, seed: int = 0) -> str:
    with pytest.raises(DataError) as caught:
        make(root, size=ONE, seed=seed, processes=1)
    return str(caught.value)


def test_a_world_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    one = make(tmp_path / "one", size=TINY, seed=3, processes=1)
    two = make(tmp_path / "two", size=TINY, seed=3, processes=2)

    assert one.fingerprint == two.fingerprint


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    first = make(tmp_path / "first", size=ONE, seed=0, processes=1)
    second = make(tmp_path / "second", size=ONE, seed=1, processes=1)

    assert first.fingerprint != second.fingerprint
    assert first.pictures == second.pictures


def test_a_world_is_four_things_in_a_folder(tmp_path: Path) -> None:
    world = make(tmp_path / "deep" / "world", size=ONE, processes=1)

    assert left(world.root) == ["ADEChallengeData2016", "VOCdevkit", "imagenet", "miniature.json"]
    assert world.pictures["imagenet/train"] == 3
    assert not world.was_reused


def test_a_finished_world_is_found_and_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(tmp_path, size=ONE, processes=1)
    monkeypatch.setattr(draw, "LAYOUTS", ())

    again = make(tmp_path, size=ONE, processes=1)

    assert again == replace(first, was_reused=True)


@pytest.mark.parametrize("is_moved", [False, True])
def test_an_interrupted_world_is_drawn_again(tmp_path: Path, is_moved: bool) -> None:
    (tmp_path / ".miniature-abc" / "VOCdevkit").mkdir(parents=True)
    if is_moved:
        (tmp_path / "imagenet" / "train" / "half").mkdir(parents=True)

    world = make(tmp_path / ".", size=ONE, processes=1)

    assert world.fingerprint == make(tmp_path.with_name("other"), size=ONE, processes=1).fingerprint
    assert left(tmp_path) == ["ADEChallengeData2016", "VOCdevkit", "imagenet", "miniature.json"]


def test_a_failure_in_between_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voc, "draw", _full_disk)

    told = message(tmp_path)

    assert told == (
        f"{tmp_path}: expected a folder that can be written, found No space left on device; "
        "give another folder or make room in this one"
    )
    assert not (tmp_path / "miniature.json").exists()


def test_progress_is_told_up_to_the_last_picture(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    make(tmp_path, size=TINY, processes=1, report=lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert told[-1] == (TINY.pictures, TINY.pictures)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    for name in ("VOCdevkit", "notes.txt"):
        (tmp_path / name).mkdir()

    assert message(tmp_path) == (
        f"{tmp_path}: expected a folder that is missing, empty or holds a miniature world, "
        "found 'VOCdevkit' and 1 more; give another folder"
    )
    assert left(tmp_path) == ["VOCdevkit", "notes.txt"]


def test_a_world_of_another_seed_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, size=ONE, seed=0, processes=1)

    assert message(tmp_path, seed=1) == (
        f"{tmp_path}: expected a miniature world of size 'tiny', seed 1 and version 1, "
        "found one of size 'tiny', seed 0 and version 1; give another folder, or remove this one"
    )


def test_a_world_that_was_changed_is_not_taken_for_whole(tmp_path: Path) -> None:
    make(tmp_path, size=ONE, processes=1)
    files = json.loads((tmp_path / "miniature.json").read_text())["files"]
    (tmp_path / "imagenet/classes.txt").write_text("")

    assert message(tmp_path) == (
        f"{tmp_path}: expected the {files} files that miniature.json tells of, found that files were "
        "changed, added or removed; remove the folder to have it drawn again"
    )


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "miniature.json").write_text("{")

    assert "found a miniature.json that cannot be read; give another folder" in message(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert message(tmp_path / "file" / "world") == (
        f"{tmp_path}/file/world: expected a folder that can be written, found Not a directory; "
        "give another folder or make room in this one"
    )


def test_too_little_room_is_told_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes.Size, "bytes_expected", 10**18)

    told = message(tmp_path)

    assert told.startswith(f"{tmp_path}: expected room for about 1000000000000 MB, found ")
    assert left(tmp_path) == []


def test_a_negative_seed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make(tmp_path, seed=-1)

    assert str(caught.value) == "seed: expected a whole number from 0, found -1; give --seed 0"


def _full_disk(*args: object, **settings: object) -> None:
    raise OSError(28, "No space left on device")
