"""Weights of a hub arrive as what they claim to be, or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.fabricate.hub import Hub, Repo, hub_at_hand
from transferbench.backbones.weights.fetch import Fetched, Hints, fetch
from transferbench.backbones.weights.index import read_index
from transferbench.errors import WeightsError

constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra `hub`")

WEIGHTS = save({"conv1.weight": np.arange(5000, dtype=np.float32)})
OTHER = save({"conv1.weight": np.ones(5000, dtype=np.float32)})
SHA256 = sha256(WEIGHTS).hexdigest()
COMMIT = "a" * 40
CONFIG = {
    "architecture": "resnet50d",
    "num_classes": 1000,
    "pretrained_cfg": {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.1, 0.2, 0.3],
        "input_size": [3, 192, 192],
        "crop_pct": 0.9,
        "interpolation": "bicubic",
        "pool_size": [6, 6],
    },
}
HINTS = Hints(
    told_by="config.json of org/net",
    arch="resnet50_d",
    pixels={
        "mean": (0.5, 0.5, 0.5),
        "std": (0.1, 0.2, 0.3),
        "input_size": 192,
        "crop": 0.9,
        "interpolation": "bicubic",
    },
    classes=1000,
)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_at_hand(tmp_path, monkeypatch) as hub:
        files = {"model.safetensors": WEIGHTS, "config.json": json.dumps(CONFIG).encode()}
        hub.repos["org/net"] = Repo(files)
        yield hub


def test_weights_arrive_with_their_hash_their_origin_and_what_is_said_of_them(hub: Hub) -> None:
    fetched = fetch("hf:org/net")

    assert fetched.path.read_bytes() == WEIGHTS
    assert fetched == Fetched(
        fetched.path, SHA256, "recorded now", f"org/net@{COMMIT}:model.safetensors", HINTS
    )


def test_the_second_time_the_record_of_the_first_vouches_and_nothing_is_downloaded(hub: Hub) -> None:
    fetch("hf:org/net")
    hub.asked.clear()

    assert fetch("hf:org/net").sha256_from == "recorded before"
    assert [method for method, _, _ in hub.asked] == ["HEAD"]


def test_the_record_is_by_place_and_says_what_was_found(hub: Hub, tmp_path: Path) -> None:
    fetch("hf:org/net")
    fetch(f"hf:org/net@{COMMIT}:model.safetensors")

    assert json.loads((tmp_path / "own" / "first_use.json").read_text()) == {
        "hf:org/net:model.safetensors": SHA256,
        f"hf:org/net@{COMMIT}:model.safetensors": SHA256,
    }


def test_a_file_that_changed_since_its_first_use_is_refused(hub: Hub, tmp_path: Path) -> None:
    fetch("hf:org/net")
    hub.repos["org/net"] = Repo({"model.safetensors": OTHER}, commit="b" * 40)

    assert complaint("hf:org/net") == (
        f"hf:org/net: expected sha256 {SHA256}, as on its first use here, "
        f"found {sha256(OTHER).hexdigest()} at org/net@{'b' * 40}:model.safetensors; "
        "take the commit at which it was the same, or, if the change is good, "
        f"take 'hf:org/net:model.safetensors' out of {tmp_path}/own/first_use.json"
    )


@pytest.mark.parametrize("source", ["resnet50d.gluon_in1k", "hf:timm/resnet50d.gluon_in1k"])
def test_the_index_speaks_for_its_weights(hub: Hub, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    hub.repos["timm/resnet50d.gluon_in1k"] = hub.repos["org/net"]
    index_states(monkeypatch, SHA256)

    fetched = fetch(source)

    assert fetched.sha256_from == "the index"
    assert (fetched.hints.told_by, fetched.hints.arch) == ("the index", "resnet50_d")
    assert fetched.hints.scores == {"classify/top1": 0.79078, "classify/top5": 0.94468}


@pytest.mark.parametrize("source", ["resnet50d.gluon_in1k", "timm:resnet50d.gluon_in1k"])
def test_weights_other_than_those_of_the_index_are_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")
    hub.repos["timm/resnet50d.gluon_in1k"] = hub.repos["org/net"]
    index_states(monkeypatch, "0" * 64)

    assert complaint(source) == (
        f"{source}: expected sha256 {'0' * 64}, which the index states, found {SHA256} at "
        f"timm/resnet50d.gluon_in1k@{COMMIT}:model.safetensors; "
        "take another source, or the commit at which it was the same"
    )


def test_a_file_that_was_spoilt_in_the_cache_is_refused_and_removed(hub: Hub) -> None:
    fetch("hf:org/net").path.resolve().write_bytes(OTHER)

    assert complaint("hf:org/net") == (
        f"hf:org/net: expected sha256 {SHA256}, which the hub states for org/net@{COMMIT}:model.safetensors, "
        f"found {sha256(OTHER).hexdigest()}; it was not kept; try again"
    )
    assert fetch("hf:org/net").sha256 == SHA256


def test_a_page_in_place_of_weights_is_refused_and_not_kept(hub: Hub) -> None:
    hub.manner = "page"

    assert complaint("hf:org/net") == (
        f"hf:org/net: expected whole weights at org/net@{COMMIT}:model.safetensors, found an HTML page; "
        "it was not kept; sign in to the network if it asks for that, and try again"
    )
    hub.manner = "polite"
    assert fetch("hf:org/net").sha256_from == "recorded now"


def test_weights_that_are_truncated_at_their_source_are_refused(hub: Hub) -> None:
    hub.repos["org/net"].files["model.safetensors"] = WEIGHTS[:-1]

    assert f"at org/net@{COMMIT}:model.safetensors, found something else (" in complaint("hf:org/net")


def test_a_repository_without_safetensors_gives_its_pickle(hub: Hub) -> None:
    hub.repos["org/net"].files = {"pytorch_model.bin": b"\x80\x02}q\x00."}

    fetched = fetch("hf:org/net@main")

    assert fetched.origin == f"org/net@{COMMIT}:pytorch_model.bin"
    assert fetched.hints == Hints()


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.cuts = [700]
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100)

    assert fetch("hf:org/net").sha256 == SHA256
    assert [asked for asked in hub.asked if asked[2]] == [
        ("GET", "/org/net/resolve/main/model.safetensors", "bytes=700-")
    ]


def test_a_download_that_was_given_up_goes_on_where_it_stopped(hub: Hub) -> None:
    hub.cuts = [700, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError, match="try again: it goes on where it stopped"):
        fetch("hf:org/net")
    hub.asked.clear()
    hub.cuts.clear()

    assert fetch("hf:org/net").sha256 == SHA256
    assert next(asked[2] for asked in hub.asked if asked[0] == "GET") == "bytes=700-"


def test_progress_is_told_in_bytes(hub: Hub) -> None:
    told: list[tuple[int, int | None]] = []

    fetch("hf:org/net", lambda done, total: told.append((done, total)))

    assert told[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_without_a_hub_the_cache_does(hub: Hub) -> None:
    first = fetch("hf:org/net")
    hub.manner = "down"

    again = fetch("hf:org/net")

    assert (again.path, again.origin, again.hints) == (first.path, first.origin, first.hints)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_offline_the_cache_does(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    hub.repos["org/net"].files = {name: WEIGHTS if name.endswith("tensors") else b"\x80\x02}q\x00."}
    first = fetch("hf:org/net")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.asked.clear()

    assert fetch("hf:org/net").path == first.path
    assert hub.asked == []


def test_the_settings_of_the_library_hold(hub: Hub, tmp_path: Path) -> None:
    code = "from transferbench.backbones.weights.fetch import fetch; import sys; "
    code += "print(fetch('hf:org/net').sha256, 'torch' in sys.modules)"
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_TELEMETRY": "1"}

    for offline in ("0", "1"):
        environment = os.environ | settings | {"HF_HUB_OFFLINE": offline}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout == f"{SHA256} False\n", done.stderr


def index_states(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    index = read_index()
    entry = replace(index["resnet50d.gluon_in1k"], sha256=stated)
    monkeypatch.setattr(
        "transferbench.backbones.weights.sources.read_index", lambda: index | {entry.name: entry}
    )


def complaint(source: str) -> str:
    with pytest.raises(WeightsError) as caught:
        fetch(source)
    return str(caught.value)
