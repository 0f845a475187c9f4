import pytest

from transferbench.benchmarks.setting import setting_of
from transferbench.errors import ConfigError, RunError


def test_a_processor_is_given_less_to_do_than_an_accelerator() -> None:
    setting = setting_of(device="cpu")

    assert setting.about == "resnet18_d at 64 pixels, batches of 8, fp32, channels last"


def test_what_is_asked_for_is_what_is_done() -> None:
    setting = setting_of(device="cpu", arch="mini_d", side=32, batch_size=4, is_compiled=True)

    assert setting.about == "mini_d at 32 pixels, batches of 4, fp32, channels last, compiled"


@pytest.mark.parametrize("precision", ["fp64", "half"])
def test_other_precisions_are_refused(precision: str) -> None:
    with pytest.raises(ConfigError, match="--precision: expected one of fp32, bf16, fp16, found"):
        setting_of(device="cpu", precision=precision)


def test_a_precision_that_the_device_lacks_is_refused() -> None:
    with pytest.raises(RunError, match="precision 'fp16'"):
        setting_of(device="cpu", precision="fp16")


def test_an_unknown_device_is_told() -> None:
    with pytest.raises(RunError, match="--device 'abacus': expected a device of this machine"):
        setting_of(device="abacus")
