import math

import pytest

from transferbench.backbones.cost import cost_of
from transferbench.benchmarks import train
from transferbench.benchmarks.setting import setting_of
from transferbench.benchmarks.train import bench_train, peak_of


def test_our_loop_is_compared_with_a_plain_one() -> None:
    setting = setting_of(device="cpu", arch="mini_d", side=32, batch_size=2)

    content = bench_train(setting, steps=1, rounds=1).content()

    assert set(content["ratios"]) == {"train_plain"}
    assert math.isfinite(content["ratios"]["train_plain"])
    seconds, figures = content["seconds"]["train_plain"], content["figures"]
    assert figures == {
        "images_per_second_ours": pytest.approx(1 / seconds["ours"]),
        "images_per_second_plain": pytest.approx(1 / seconds["plain"]),
    }
    assert "torchvision has no mini_d, or is not installed" in content["notes"]


@pytest.mark.parametrize(
    ("device", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H200", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA GeForce RTX 3090", None),
        ("cpu", None),
    ],
)
def test_the_peak_of_a_device_is_stated_where_it_is_known(device: str, peak: float | None) -> None:
    assert peak_of(device) == peak


def test_the_share_of_the_peak_counts_two_operations_a_mac_three_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train, "peak_of", lambda device: 1e12)
    monkeypatch.setattr("transferbench.benchmarks.setting.check_precision", lambda precision, device: None)
    setting = setting_of(device="cpu", arch="mini_d", side=32, batch_size=2, precision="bf16")

    figures = bench_train(setting, steps=1, rounds=1).content()["figures"]

    macs = cost_of("mini_d", 32).macs
    assert figures["share_of_peak_ours"] == pytest.approx(6 * macs * figures["images_per_second_ours"] / 1e12)
