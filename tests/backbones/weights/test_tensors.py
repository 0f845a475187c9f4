"""Files that torch and others wrote are read, and nothing of them is run."""

import argparse
import os
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from transferbench.backbones.weights.tensors import read_file, unwrap
from transferbench.errors import WeightsError

WANTED = {"conv1.weight", "bn1.bias", "layer1.0.conv1.weight"}
OF_NUMBERS: dict[Any, Tensor] = {0: torch.ones(1)}
TENSORS: dict[Any, Tensor] = {name: torch.ones(2) for name in sorted(WANTED)}


class Trap:
    """Makes a file when it is unpickled by a reader that trusts it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


def fit(tensors: Mapping[str, Tensor]) -> int:
    return len(tensors.keys() & WANTED)


def prefixed(*prefixes: str) -> dict[str, Tensor]:
    return {"".join(prefixes) + name: tensor for name, tensor in TENSORS.items()}


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".ckpt"])
def test_what_torch_saved_is_read(tmp_path: Path, suffix: str) -> None:
    torch.save({"state_dict": TENSORS, "epoch": 3}, tmp_path / f"x{suffix}")

    content = read_file(tmp_path / f"x{suffix}")

    assert content["state_dict"].keys() == WANTED


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1), "trap": Trap(tmp_path / "sprung")}, tmp_path / "x.pth")

    with pytest.raises(WeightsError) as caught:
        read_file(tmp_path / "x.pth")

    assert not (tmp_path / "sprung").exists()
    assert str(caught.value) == (
        f"{tmp_path}/x.pth: expected tensors alone, found a pickle that asks for 'posix.mkdir', which could "
        "run any code; nothing of it was run; if you trust whoever made it, give --trust"
    )


def test_a_trusted_pickle_may_hold_more_than_tensors(tmp_path: Path) -> None:
    torch.save({"model": TENSORS, "args": types.SimpleNamespace(lr=1)}, tmp_path / "x.pth")

    assert read_file(tmp_path / "x.pth", trust=True)["args"].lr == 1
    with pytest.raises(WeightsError, match=r"asks for 'types\.SimpleNamespace'"):
        read_file(tmp_path / "x.pth")


def test_settings_and_numbers_of_numpy_need_no_trust(tmp_path: Path) -> None:
    others = {"args": argparse.Namespace(lr=1), "best": np.float64(0.7), "curve": np.arange(3.0)}
    torch.save({"model": TENSORS, **others}, tmp_path / "x.pth")

    assert read_file(tmp_path / "x.pth")["args"].lr == 1


def test_a_torchscript_archive_is_told_for_what_it_is(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(nn.Linear(2, 3)), tmp_path / "x.pt")

    with pytest.raises(WeightsError, match="found a TorchScript archive, which is a program; load it with"):
        read_file(tmp_path / "x.pt")


def test_a_whole_module_is_read_if_it_is_trusted(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 3), tmp_path / "x.pth")

    assert read_file(tmp_path / "x.pth", trust=True)["state_dict"].keys() == {"weight", "bias"}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty one"),
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a pointer of Git LFS"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_file_of_weights_is_told(tmp_path: Path, content: bytes, found: str, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)

    with pytest.raises(WeightsError) as caught:
        read_file(path)

    kind = "file that torch.save wrote" if suffix == ".pth" else ".safetensors file"
    assert str(caught.value) == f"{path}: expected a whole {kind}, found {found}; copy or download it again"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_pickle_is_told(tmp_path: Path, share: float) -> None:
    torch.save({"x": torch.ones(5000)}, tmp_path / "x.pth")
    content = (tmp_path / "x.pth").read_bytes()
    (tmp_path / "x.pth").write_bytes(content[: int(share * len(content))])

    with pytest.raises(
        WeightsError, match=r"expected a whole file that torch\.save wrote, found something else"
    ):
        read_file(tmp_path / "x.pth")


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        read_file(tmp_path / "x.npz")

    assert str(caught.value) == (
        f"{tmp_path}/x.npz: expected a file that ends in .safetensors, .pth, .pt, .bin, .ckpt, .tar, "
        "found '.npz'; save the state dict with safetensors"
    )


def test_a_list_is_no_state_dict(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "x.pth")

    with pytest.raises(WeightsError, match="expected a state dict, found a list"):
        read_file(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "wrappings"),
    [
        (TENSORS, ()),
        ({"state_dict": TENSORS, "epoch": 1}, ("state_dict",)),
        ({"model": TENSORS, "optimizer": {"lr": 1}}, ("model",)),
        ({"state_dict": TENSORS, "best_acc1": torch.tensor(76.1)}, ("state_dict",)),
        ({"model_ema": {}, "teacher": {"epoch": 1}, "state_dict": TENSORS}, ("state_dict",)),
        ({"model": {"state_dict": TENSORS}}, ("model", "state_dict")),
        ({"model": TENSORS, "model_ema": TENSORS}, ("model_ema",)),
        ({"student": TENSORS, "teacher": prefixed("backbone.")}, ("teacher", "backbone.")),
        ({"model": TENSORS, "teacher": {"other": torch.ones(1)}}, ("model",)),
        ({"backbone": TENSORS, "head": {"weight": torch.ones(1)}}, ("backbone",)),
        (TENSORS | OF_NUMBERS, ()),
        (prefixed("model.") | {f"model_ema.{n}": t for n, t in TENSORS.items()}, ("model_ema.",)),
        ({"state_dict": prefixed("module.")}, ("state_dict", "module.")),
        (prefixed("_orig_mod."), ("_orig_mod.",)),
        (prefixed("module.", "_orig_mod."), ("module.", "_orig_mod.")),
        (prefixed("backbone.", "body."), ("backbone.", "body.")),
        (prefixed("encoder."), ("encoder.",)),
        (prefixed("base_model."), ("base_model.",)),
        ({"online_network": prefixed("net_of_mine.")}, ("online_network", "net_of_mine.")),
        (prefixed("model.", "backbone."), ("model.", "backbone.")),
    ],
)
def test_wrappings_are_taken_off_and_told(content: dict[str, Any], wrappings: tuple[str, ...]) -> None:
    unwrapped = unwrap(content, fit, Path("x.pth"))

    assert unwrapped.tensors.keys() == WANTED
    assert unwrapped.wrappings == wrappings


def test_of_mocos_two_encoders_the_one_that_learns_is_taken() -> None:
    slow = {f"module.encoder_k.{name}": torch.zeros(2) for name in WANTED}
    content = {"state_dict": {**slow, **prefixed("module.", "encoder_q."), "module.queue": torch.zeros(3)}}

    unwrapped = unwrap(content, fit, Path("x.pth"))

    assert unwrapped.wrappings == ("state_dict", "module.", "encoder_q.")
    assert all(torch.equal(unwrapped.tensors[name], TENSORS[name]) for name in WANTED)
    assert set(unwrapped.left_out) == {*slow, "module.queue"}


def test_what_stands_beside_the_backbone_is_left_out_by_its_whole_name() -> None:
    content = {**prefixed("backbone."), "decode_head.weight": torch.ones(1)}

    assert unwrap(content, fit, Path("x.pth")).left_out == ("decode_head.weight",)


def test_a_prefix_that_is_part_of_the_names_stays() -> None:
    def fits(tensors: Mapping[str, Tensor]) -> int:
        return len(tensors.keys() & {"encoder.a", "encoder.b", "stem"})

    content = {name: torch.ones(1) for name in ("encoder.a", "encoder.b", "stem")}

    assert unwrap(content, fits, Path("x.pth")).wrappings == ()


@pytest.mark.parametrize(("content", "found"), [({}, "nothing"), ({"epoch": 3}, "the keys 'epoch'")])
def test_a_file_without_tensors_is_told(content: dict[str, Any], found: str) -> None:
    with pytest.raises(WeightsError) as caught:
        unwrap(content, fit, Path("x.pth"))

    assert str(caught.value).startswith("x.pth: expected a state dict, or one under 'model_ema', ")
    assert str(caught.value).endswith(f"found {found}; save `model.state_dict()`")
