"""The moving average of the weights."""

import io

import pytest
import torch
from torch import nn

from transferbench.tricks.ema import Ema, decay_of


def test_the_average_is_that_of_a_loop_written_by_hand() -> None:
    model, average = _model(), Ema(decay=0.5).average(_model())
    expected: dict[str, torch.Tensor] = {}

    for step in range(12):
        _walk(model, step)
        average.update_parameters(model)
        kept = 0.0 if step == 0 else min(0.5, (1 + step) / (10 + step))
        for name, new in model.state_dict().items():
            old = expected.get(name, new)
            expected[name] = kept * old + (1 - kept) * new if new.is_floating_point() else new.clone()

    torch.testing.assert_close(average.module.state_dict(), expected)


def test_the_average_is_that_of_timm_where_the_decay_needs_no_rise() -> None:
    timm = pytest.importorskip("timm.utils.model_ema")
    model, decay = _model(), 0.15  # below 2 / 11, the share kept after the second step
    ours, theirs = Ema(decay=decay).average(model), timm.ModelEmaV3(model, decay=decay)

    for step in range(6):
        _walk(model, step)
        ours.update_parameters(model)
        theirs.update(model, step=step + 1)

    torch.testing.assert_close(ours.module.state_dict(), theirs.module.state_dict())


def test_the_share_kept_rises_as_tensorflows_does() -> None:
    assert [decay_of(step, 0.9999) for step in (0, 1, 8, 90)] == [0, 2 / 11, 0.5, 0.91]
    assert decay_of(89_989, 0.9999) < 0.9999
    assert decay_of(90_000, 0.9999) == 0.9999


def test_the_first_step_forgets_the_random_start() -> None:
    model = _model()
    average = Ema().average(model)

    _walk(model, 0)
    average.update_parameters(model)

    torch.testing.assert_close(average.module.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_an_average_goes_on_from_its_checkpoint() -> None:
    model, whole, resumed = _model(), Ema().average(_model()), Ema().average(_model())
    for step in range(6):
        _walk(model, step)
        whole.update_parameters(model)
        if step == 2:
            file = io.BytesIO()
            torch.save(whole.state_dict(), file)
            resumed.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
        elif step > 2:
            resumed.update_parameters(model)

    assert int(resumed.n_averaged) == 6
    torch.testing.assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_counts_of_batches_are_taken_over_and_not_averaged() -> None:
    model = _model()
    average = Ema().average(model)

    for step in range(3):
        model(torch.rand(2, 3, 4, 4, dtype=torch.float64))
        _walk(model, step)
        average.update_parameters(model)

    assert average.module.state_dict()["1.num_batches_tracked"].tolist() == 3


def test_the_average_is_no_part_of_the_training() -> None:
    model = _model()

    average = Ema().average(model)
    average.update_parameters(model)

    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not any(parameter.requires_grad for parameter in average.parameters())


def test_no_step_reads_a_value_back_from_the_device() -> None:
    model = _model().to("meta")  # tensors without values: reading one raises
    average = Ema().average(model)

    for _ in range(3):
        average.update_parameters(model)

    assert int(average.n_averaged) == 3


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).double()


@torch.no_grad()
def _walk(model: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.randn(tensor.shape, dtype=tensor.dtype, generator=generator))
