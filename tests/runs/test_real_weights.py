"""Real ImageNet weights are worth what they should be on real pictures."""

from pathlib import Path

import pytest

from tests.cli.command import told
from tests.real_data import real_data
from transferbench.runs.record import read_record

SETTINGS = ("padding=same", "activation=relu6", "mean=[0.5,0.5,0.5]", "std=[0.5,0.5,0.5]", "input_size=160")


@pytest.mark.slow
def test_a_detector_from_real_weights_beats_its_control_clearly(tmp_path: Path) -> None:
    bare = real_data("weights") / "mobilenet_v1_050_160.safetensors"
    ours = tmp_path / "ours.safetensors"
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    flags = ("--protocol", "voc-small@1", "--limit", "240", "--set", "plan.epochs=3", "--threads", "1")

    told(
        *("weights", "export", bare, "--to", "transferbench", "-o", ours, "--arch", "mobilenet_v1_050"),
        *settings,
    )
    for name, weights in (("real", str(ours)), ("control", f"random:{ours}")):
        told("detect", weights, "--data", real_data("voc_small"), "-o", tmp_path / name, *flags)

    real, control = (read_record(tmp_path / name) for name in ("real", "control"))
    assert real is not None and control is not None
    assert real.scores["detect/coco_ap50"] > 2 * control.scores["detect/coco_ap50"] > 0
