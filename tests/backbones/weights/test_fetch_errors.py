"""What goes wrong with a hub is said in one message: where, what was expected and found, what to do."""

import errno
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fabricate.hub import Hub, Manner, Repo, hub_at_hand
from transferbench.backbones.weights.fetch import fetch
from transferbench.backbones.weights.hints import Hints, hints_of_config
from transferbench.errors import WeightsError

constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra `hub`")

COMMIT = "a" * 40
EITHER = "'model.safetensors' or 'pytorch_model.bin'"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_at_hand(tmp_path, monkeypatch) as hub:
        hub.repos["org/net"] = Repo({"pytorch_model.bin": b"\x80\x02}q\x00.", "config.json": b"{}"})
        hub.repos["org/bare"] = Repo({})
        yield hub


@pytest.mark.parametrize(
    ("source", "manner", "text"),
    [
        (
            "hf:org/none",
            "polite",
            "a repository org/none at {url}, found none that is public; "
            "check the name, or log in with `hf auth login`",
        ),
        (
            "hf:org/net@v2",
            "polite",
            "a revision 'v2' of org/net, found none; name a branch, a tag or a whole commit, or leave it out",
        ),
        (
            "hf:org/net:x.pth",
            "polite",
            "'x.pth' in org/net, found no such file; "
            "look at {url}/org/net/tree/main and name one with ':FILE'",
        ),
        (
            "hf:org/bare",
            "polite",
            f"{EITHER} in org/bare, found no such file; "
            "look at {url}/org/bare/tree/main and name one with ':FILE'",
        ),
        (
            "hf:org/net",
            "gated",
            f"{EITHER} of org/net, found a repository that asks to be let in; "
            "accept its terms at {url}/org/net and log in with `hf auth login`",
        ),
        (
            "hf:org/net",
            "portal",
            "a hub at {url}, found an answer of another kind; "
            "sign in to the network if it asks for that, or set HF_ENDPOINT to a hub",
        ),
        ("hf:org/net", "down", f"{EITHER} of org/net, found HTTP 503 from {{url}}; try again later"),
        ("hf:org/a--b", "polite", "the name of a repository, found 'org/a--b'; write it as ORG/REPO"),
    ],
)
def test_a_hub_that_does_not_give_a_file(hub: Hub, source: str, manner: Manner, text: str) -> None:
    hub.manner = manner

    assert complaint(source) == f"{source}: expected {text.format(url=hub.url)}"


def test_a_hub_that_does_not_answer(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "HUGGINGFACE_CO_URL_TEMPLATE"):
        monkeypatch.setattr(constants, name, getattr(constants, name).replace(hub.url, "http://127.0.0.1:1"))

    assert complaint("hf:org/net:x.bin") == (
        "hf:org/net:x.bin: expected 'x.bin' of org/net, found no answer from http://127.0.0.1:1 "
        "([Errno 111] Connection refused); check the network and HF_ENDPOINT"
    )


def test_offline_without_the_file(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert complaint("hf:org/net") == (
        f"hf:org/net: expected {EITHER} of org/net in {tmp_path}/hub, found nothing there and HF_HUB_OFFLINE "
        "set; unset it, or fill the cache where there is a network"
    )
    assert hub.asked == []


def test_offline_with_the_weights_but_not_what_is_said_of_them(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch("hf:org/net")
    next((tmp_path / "hub").rglob("config.json")).unlink()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert "expected 'config.json' of org/net in" in complaint("hf:org/net")


def test_a_download_that_always_breaks_off(hub: Hub) -> None:
    hub.cuts = [0] * 20

    assert complaint("hf:org/net:pytorch_model.bin") == (
        f"hf:org/net:pytorch_model.bin: expected all of {hub.url}/org/net/resolve/main/pytorch_model.bin, "
        "found a download that broke off (0 of 6 bytes); "
        "try again: it goes on where it stopped"
    )


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", full)

    message = complaint("hf:org/net:pytorch_model.bin")

    assert message.startswith(
        f"hf:org/net:pytorch_model.bin: expected to write {tmp_path}/hub/models--org--net"
    )
    assert message.endswith(
        "found 'No space left on device'; make room there, or set HF_HOME to another folder"
    )


def test_a_full_disk_for_a_small_file(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", full)

    assert complaint("hf:org/net:pytorch_model.bin") == (
        "hf:org/net:pytorch_model.bin: expected 'pytorch_model.bin' of org/net, found 'No space left on "
        f"device' where the cache is, {tmp_path}/hub; make room there, or set HF_HOME to another folder"
    )


def test_a_name_that_leads_out_of_the_cache(hub: Hub) -> None:
    assert "found a fault (Invalid filename '../x.bin': cannot contain" in complaint("hf:org/net:../x.bin")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)

    assert complaint("hf:org/net") == (
        "hf:org/net: expected huggingface_hub, found it not installed; pip install 'transferbench[hub]'"
    )


def test_a_file_that_is_no_weights(hub: Hub) -> None:
    hub.repos["org/net"].files["pytorch_model.bin"] = b"version https://git-lfs.github.com/spec/v1"

    assert complaint("hf:org/net") == (
        f"hf:org/net: expected whole weights at org/net@{COMMIT}:pytorch_model.bin, "
        "found a pointer of Git LFS; it was not kept; sign in to the network if it asks for that, "
        "and try again"
    )


def test_a_record_of_first_uses_that_cannot_be_read(hub: Hub, tmp_path: Path) -> None:
    record = tmp_path / "own" / "first_use.json"
    record.parent.mkdir()
    record.write_text("[]")

    assert complaint("hf:org/net") == (
        f"{record}: expected the record of weights at their first use, found another content; "
        "mend it, or remove it to trust once more what is downloaded next"
    )


def test_a_record_of_first_uses_that_cannot_be_written(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERBENCH_CACHE", "/dev/null/own")

    assert complaint("hf:org/net") == (
        "/dev/null/own/first_use.json: expected to record here what weights are on first use, "
        "found 'Not a directory'; make room, or set TRANSFERBENCH_CACHE to another folder"
    )


def test_a_config_that_is_no_json(hub: Hub) -> None:
    hub.repos["org/net"].files["config.json"] = b"{"

    assert complaint("hf:org/net").startswith(
        f"hf:org/net: expected JSON in org/net@{COMMIT}:config.json, found a mistake: "
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ([], Hints("config.json of o/n")),
        ({"architectures": ["ResNetModel"], "num_classes": 7}, Hints("config.json of o/n")),
        ({"architecture": "resnet18"}, Hints("config.json of o/n", arch="resnet18")),
        ({"architecture": "resnext50_32x4d"}, Hints("config.json of o/n", arch="timm:resnext50_32x4d")),
        (
            {"architecture": "resnet50c", "crop_pct": 0.8, "num_classes": 9},
            Hints("config.json of o/n", arch="resnet50_c", pixels={"crop": 0.8}, classes=9),
        ),
        (
            {"architecture": "mobilenetv1_100", "pretrained_cfg": {"num_classes": 5}},
            Hints("config.json of o/n", arch="mobilenet_v1_100", form={"activation": "relu6"}, classes=5),
        ),
        ({"architecture": "resnet50d", "model_args": {"act_layer": "silu"}}, Hints("config.json of o/n")),
    ],
)
def test_a_config_says_what_it_says_and_no_more(config: object, expected: Hints) -> None:
    assert hints_of_config("o/n", json.loads(json.dumps(config))) == expected


def test_a_config_that_asks_for_what_pictures_cannot_be_here() -> None:
    with pytest.raises(WeightsError) as caught:
        hints_of_config("o/n", {"architecture": "x", "input_size": [3, 8, 9], "interpolation": "lanczos"})

    assert str(caught.value) == (
        "config.json of o/n: expected square RGB pictures, resized bilinearly or bicubically and cropped, "
        "found interpolation: input should be 'bilinear' or 'bicubic'; found 'lanczos'; input_size: value "
        "error, expected a square; found [3, 8, 9]; "
        "download the file and give its path, --arch and what it was trained with"
    )


def complaint(source: str) -> str:
    with pytest.raises(WeightsError) as caught:
        fetch(source)
    return str(caught.value)
