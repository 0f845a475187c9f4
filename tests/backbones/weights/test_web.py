"""Files of a web server arrive whole, go on where they stopped, and are what their names say."""

import errno
import io
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torchvision.models import ResNet18_Weights

from tests.fabricate.hub import PORTAL, Hub, Manner, hub_at_hand
from transferbench.backbones.weights.fetch import fetch
from transferbench.errors import WeightsError


def saved(value: float) -> bytes:
    file = io.BytesIO()
    torch.save({"conv1.weight": torch.full((5000,), value)}, file)
    return file.getvalue()


WEIGHTS, OTHER = saved(1.0), saved(2.0)
SHA256 = sha256(WEIGHTS).hexdigest()
SOURCE, NAME = "torchvision:resnet18", f"resnet18-{SHA256[:8]}.pth"
URL_PATH = f"/models/{NAME}"
HALF = len(WEIGHTS) // 2


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_at_hand(tmp_path, monkeypatch) as hub:
        hub.plain[URL_PATH] = WEIGHTS
        monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"{hub.url}{URL_PATH}")
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_a_file_arrives_where_torchvision_looks_for_it(hub: Hub, folder: Path) -> None:
    fetched = fetch(SOURCE)

    assert fetched.path == folder / NAME
    assert (fetched.sha256, fetched.sha256_from) == (SHA256, "recorded now")
    assert fetched.origin == f"{hub.url}{URL_PATH}"
    assert fetched.hints.told_by == "torchvision (IMAGENET1K_V1)"
    assert list(folder.iterdir()) == [fetched.path]


def test_what_torchvision_downloaded_is_used(hub: Hub, folder: Path) -> None:
    (folder / NAME).write_bytes(WEIGHTS)

    assert fetch(SOURCE).path == folder / NAME
    assert hub.asked == []


def test_progress_is_told_in_bytes(hub: Hub) -> None:
    told: list[tuple[int, int | None]] = []

    fetch(SOURCE, lambda done, total: told.append((done, total)))

    assert told[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_an_interrupted_download_goes_on_where_it_stopped(hub: Hub) -> None:
    hub.cuts = [HALF]

    assert complaint() == (
        f"{SOURCE}: expected all of {hub.url}{URL_PATH}, found a download that broke off "
        f"({HALF} of {len(WEIGHTS)} bytes); try again: it goes on where it stopped"
    )
    assert fetch(SOURCE).sha256 == SHA256
    assert [wanted for _, _, wanted in hub.asked] == ["", f"bytes={HALF}-"]


def test_what_is_gone_on_with_counts_as_progress(hub: Hub) -> None:
    hub.cuts = [HALF, 10]
    complaint()
    told: list[tuple[int, int | None]] = []

    with pytest.raises(WeightsError, match=f"{HALF + 10} of {len(WEIGHTS)} bytes"):
        fetch(SOURCE, lambda done, total: told.append((done, total)))

    assert told == [(HALF + 10, len(WEIGHTS))]


@pytest.mark.parametrize("manner", ["deaf", "plain"])
def test_a_server_that_gives_no_rest_gives_the_whole(hub: Hub, manner: Manner) -> None:
    hub.manner, hub.cuts = manner, [HALF]
    complaint()

    assert fetch(SOURCE).sha256 == SHA256


def test_a_file_that_changed_while_it_was_interrupted_is_begun_anew(hub: Hub) -> None:
    hub.plain[URL_PATH] = OTHER
    hub.cuts = [HALF]
    complaint()
    hub.plain[URL_PATH] = WEIGHTS

    assert fetch(SOURCE).sha256 == SHA256


def test_a_server_that_ignores_that_a_file_changed_is_not_believed(hub: Hub) -> None:
    hub.cuts = [HALF]
    complaint()
    hub.manner = "careless"
    hub.plain[URL_PATH] = OTHER

    assert f"found {sha256(OTHER).hexdigest()}; nothing was kept" in complaint()


def test_a_part_that_is_longer_than_the_file_is_begun_anew(hub: Hub, folder: Path) -> None:
    (folder / f"{NAME}.part").write_bytes(WEIGHTS + b"more")
    (folder / f"{NAME}.part.etag").write_text(f'"{SHA256}"')

    assert fetch(SOURCE).sha256 == SHA256


def test_a_file_that_is_not_what_its_name_says_is_not_kept(hub: Hub, folder: Path) -> None:
    hub.plain[URL_PATH] = OTHER

    assert complaint() == (
        f"{SOURCE}: expected a sha256 that starts with '{SHA256[:8]}', "
        f"as the name of {hub.url}{URL_PATH} says, found {sha256(OTHER).hexdigest()}; "
        "nothing was kept; try again later"
    )
    assert list(folder.iterdir()) == []


def test_a_file_in_the_cache_that_is_not_what_its_name_says_is_refused(hub: Hub, folder: Path) -> None:
    (folder / NAME).write_bytes(OTHER)

    assert complaint() == (
        f"{SOURCE}: expected a sha256 that starts with '{SHA256[:8]}', "
        f"as the name of {hub.url}{URL_PATH} says, found {sha256(OTHER).hexdigest()}; "
        f"remove {folder / NAME} and try again"
    )


def test_a_page_that_says_it_is_one_is_refused_unread(hub: Hub, folder: Path) -> None:
    hub.manner = "portal"

    assert complaint() == (
        f"{SOURCE}: expected weights at {hub.url}{URL_PATH}, found an HTML page; "
        "sign in to the network if it asks for that, and try again"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("content", "found"), [(PORTAL, "an HTML page"), (WEIGHTS[:-9], "something else (")])
def test_what_is_no_whole_file_of_weights_is_not_kept(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, found: str
) -> None:
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"{hub.url}/unhashed.pth")
    hub.plain["/unhashed.pth"] = content

    assert f"expected whole weights at {hub.url}/unhashed.pth, found {found}" in complaint()
    assert list(folder.iterdir()) == []


def test_a_server_that_is_down(hub: Hub) -> None:
    hub.manner = "down"

    assert complaint() == (
        f"{SOURCE}: expected {hub.url}{URL_PATH}, found HTTP 503 (Service Unavailable); "
        "try again later, or take another source"
    )


def test_a_server_that_does_not_answer(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", "http://127.0.0.1:1/x.pth")

    assert complaint() == (
        f"{SOURCE}: expected http://127.0.0.1:1/x.pth, found no answer ([Errno 111] Connection refused); "
        "check the network and try again"
    )


def test_a_full_disk(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    assert complaint() == (
        f"{SOURCE}: expected to write {folder / NAME}, found 'No space left on device'; "
        "make room there, or set TORCH_HOME to another folder"
    )


def complaint() -> str:
    with pytest.raises(WeightsError) as caught:
        fetch(SOURCE)
    return str(caught.value)
