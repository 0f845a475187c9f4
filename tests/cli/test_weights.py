"""`transferbench weights`: list, pull, show, check, export and agree."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save, save_file

from tests.cli.command import error, told
from tests.fabricate.hub import Hub, Repo, hub_at_hand
from tests.fabricate.networks import head, trained
from transferbench.backbones.card import WeightsCard
from transferbench.backbones.weights.index import read_index
from transferbench.backbones.weights.save import save_backbone

CARD = WeightsCard("mini_d", classes=("cat", "dog"), scores={"classify/top1": 0.5})


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.safetensors"
    save_backbone(path, trained("mini_d"), CARD, head=head(128, 2))
    return path


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "bare.safetensors"
    save_file(trained("mini_d").state_dict(), path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 255, (70, 64, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub", reason="needs the extra `hub`")
    with hub_at_hand(tmp_path, monkeypatch) as hub:
        yield hub


def test_the_index_is_listed_a_line_each() -> None:
    lines = told("weights", "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(read_index())
    assert "79.08% top-1" in next(line for line in lines if line.startswith("resnet50d.gluon_in1k"))


def test_a_pattern_narrows_the_index_and_json_has_all_of_it() -> None:
    found = json.loads(told("weights", "list", "inception*", "--format", "json").stdout)

    assert [entry["name"] for entry in found] == ["inception_v3.gluon_in1k", "inception_v3.tv_in1k"]
    assert found[1]["pixels"]["mean"] == [0.5, 0.5, 0.5]


def test_listing_imports_no_torch() -> None:
    import subprocess

    code = (
        "import sys; from transferbench.cli.main import app\n"
        "try: app(['weights', 'list'])\n"
        "except SystemExit: print('torch' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.splitlines()[-1] == "False"


def test_pulling_prints_the_path_alone_on_stdout(hub: Hub) -> None:
    weights = save(trained("mini_b").state_dict())
    hub.repos["org/net"] = Repo({"model.safetensors": weights})

    result = told("weights", "pull", "hf:org/net")

    assert Path(result.stdout.strip()).read_bytes() == weights
    assert "(recorded now)" in result.stderr


def test_a_hub_that_sends_a_page_is_one_message(hub: Hub) -> None:
    hub.repos["org/net"] = Repo({"model.safetensors": save({"x": torch.ones(3)})})
    hub.manner = "portal"

    message = error("weights", "pull", "hf:org/net")

    assert message.count("\n") == 1
    assert "found an answer of another kind" in message


def test_a_hash_that_has_changed_is_one_message(hub: Hub) -> None:
    hub.repos["org/net"] = Repo({"model.safetensors": save({"x": torch.ones(3)})})
    told("weights", "pull", "hf:org/net")
    hub.repos["org/net"] = Repo({"model.safetensors": save({"x": torch.zeros(3)})}, commit="b" * 40)

    message = error("weights", "pull", "hf:org/net")

    assert "as on its first use here, found" in message


def test_what_is_not_remote_is_not_pulled() -> None:
    assert error("weights", "pull", "resnet51") == (
        "error: resnet51: expected something to fetch (a name of `weights list`, hf:ORG/REPO, timm:NAME or "
        "torchvision:NAME), found none of these; check the name\n"
    )


def test_a_file_of_ours_is_shown_as_a_tree(ours: Path) -> None:
    lines = told("weights", "show", ours).stdout.splitlines()

    assert lines[0] == f"{ours}:"
    assert "    arch: mini_d" in lines
    assert "      mean: (0.485, 0.456, 0.406)" in lines


def test_a_bare_file_is_shown_with_what_it_looks_like(bare: Path) -> None:
    content = json.loads(told("weights", "show", bare, "--format", "json").stdout)

    assert content["card"] == "none; it looks like a file for 'mini_d'"
    assert content["fault"] == "none"


def test_a_check_prints_what_was_loaded_and_where_settings_come_from(ours: Path) -> None:
    lines = told("weights", "check", ours).stdout.splitlines()

    assert lines[2] == (
        "loaded: mini_d, 110 tensors, 100.0% of its numbers, float32; nothing unexpected, finite; "
        "22 batch norms with sane statistics"
    )
    assert lines[3] == "classifier: 2 outputs, 2 tensors (bias, weight)"
    assert lines[4].startswith("settings: mean 0.485/0.456/0.406, ")
    assert lines[4].endswith("(by the file's card)")


def test_a_check_on_pictures_has_an_interval_and_a_verdict(ours: Path, pictures: Path) -> None:
    result = told("weights", "check", ours, "--data", pictures, "--format", "json", "--no-search")
    found = json.loads(result.stdout)

    assert found["report"]["share_loaded"] == 1.0
    assert found["top1"]["low"] <= found["top1"]["value"] <= found["top1"]["high"]
    assert (found["top1"]["pictures"], found["claim"]) == (8, 0.5)
    assert found["verdict"] in ("agrees", "below the claim", "above the claim")


def test_weights_below_their_claim_do_not_hold_the_gate(bare: Path, pictures: Path, tmp_path: Path) -> None:
    flat = {"weight": torch.zeros(2, 128), "bias": torch.tensor([1.0, 0.0])}
    save_backbone(tmp_path / "flat.safetensors", trained("mini_d"), CARD, head=flat)

    result = told("weights", "check", tmp_path / "flat.safetensors", "--data", pictures, "--expect", "0.99")

    assert result.exit_code == 4
    assert "verdict: below the claim (claimed: 99.0%)" in result.stdout


def test_a_bare_file_needs_its_architecture(bare: Path) -> None:
    assert error("weights", "check", bare) == (
        f"error: {bare}: expected a card in the header or a named architecture, found neither; "
        "it looks like a file for 'mini_d'; name one with --arch, or in a recipe as arch = \"...\"\n"
    )


def test_settings_that_are_asked_for_are_told_as_the_users(bare: Path) -> None:
    line = told(
        "weights", "check", bare, "--arch", "mini_d", "--set", "mean=[0.5,0.5,0.5]", "--set", "crop=1"
    ).stdout.splitlines()[-2]

    assert line.startswith("settings: mean 0.5/0.5/0.5, crop 1 (by you); ")


def test_an_unknown_setting_is_told(bare: Path) -> None:
    assert error("weights", "check", bare, "--arch", "mini_d", "--set", "pading=same") == (
        "error: setting 'pading': expected one of the weights'; the nearest is 'padding'\n"
    )


def test_what_may_be_missing_is_let_through(bare: Path) -> None:
    tensors = load_file(bare)
    del tensors["bn1.bias"]
    save_file(tensors, bare)

    assert "1 missing (the first is 'bn1.bias')" in error("weights", "check", bare, "--arch", "mini_d")
    result = told("weights", "check", bare, "--arch", "mini_d", "--allow-missing", "bn1.*")
    assert "missing, as allowed: bn1.bias" in result.stdout.splitlines()


def test_an_export_prints_how_to_load_it_and_keeps_what_is_there(ours: Path, tmp_path: Path) -> None:
    words = ("weights", "export", ours, "--to", "transferbench", "-o", tmp_path / "out.safetensors")

    first = told(*words)

    assert first.stdout == f"transferbench detect {tmp_path / 'out.safetensors'}\n"
    assert "expected no such file yet, found one; give --overwrite" in error(*words)
    assert told(*words, "--overwrite").exit_code == 0


def test_an_unknown_target_is_told(ours: Path) -> None:
    assert error("weights", "export", ours, "--to", "keras", "-o", "x.h5") == (
        "error: --to: expected one of transferbench, timm, torchvision, onnx, found 'keras'\n"
    )


def test_a_pickle_that_would_run_code_is_one_message_and_trust_lets_it_run(tmp_path: Path) -> None:
    import types

    path = tmp_path / "x.pth"
    torch.save({"model": trained("mini_d").state_dict(), "args": types.SimpleNamespace(lr=1)}, path)

    assert "which could run any code; nothing of it was run" in error(
        "weights", "check", path, "--arch", "mini_d"
    )
    assert told("weights", "check", path, "--arch", "mini_d", "--trust").exit_code == 0


def test_agreement_with_peers_is_a_line_each() -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")

    result = told("weights", "agree", "resnet18")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split() == [
        *("resnet18", "torchvision", "resnet18", "32", "0.0e+00", "0.0e+00", "agrees"),
    ]


def test_agreement_of_nothing_is_no_agreement() -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")

    assert error("weights", "agree", "zzz*") == (
        "error: agree 'zzz*': expected one of our networks that has a peer, found none\n"
    )


def test_an_export_leaves_the_classifier_out_where_asked(ours: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"

    told("weights", "export", ours, "--to", "transferbench", "-o", out, "--without-classifier")

    assert not any(name.startswith("head.") for name in load_file(out))


def test_a_folder_that_is_not_there_is_told_before_anything_is_loaded(ours: Path, tmp_path: Path) -> None:
    out = tmp_path / "no" / "x.safetensors"

    assert error("weights", "export", ours, "--to", "transferbench", "-o", out) == (
        f"error: {out}: expected a folder to write in, found no '{tmp_path / 'no'}'; make it\n"
    )


def test_a_setting_of_the_weights_is_pointed_to_its_place(ours: Path, tmp_path: Path) -> None:
    assert error("detect", ours, "--data", tmp_path, "--set", "padding=same") == (
        "error: --set 'padding=same': expected a setting of the protocol, found one of the weights; "
        "write --set weights.padding=same\n"
    )


def test_a_backbone_that_is_not_there_is_told_before_any_data_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert "did you mean 'resnet18_d'?" in error("detect", "random:resnet18d")
    assert list(tmp_path.iterdir()) == []
