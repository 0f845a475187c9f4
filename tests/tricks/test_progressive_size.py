"""Small pictures first."""

import numpy as np
import pytest
from pydantic import ValidationError

from transferbench.tricks.progressive_size import ProgressiveSize


def test_the_side_grows_from_128_to_224_by_hand() -> None:
    trick = ProgressiveSize(epochs=6)

    sides = [trick.input_side(224, epoch) for epoch in range(8)]

    # 127.7, 143.7, 159.8, 175.8, 191.9, 207.9 pixels to the nearest multiple of 32, then the full side.
    assert sides == [128, 128, 160, 160, 192, 192, 224, 224]


@pytest.mark.parametrize(
    ("full", "smallest", "epochs"), [(224, 0.5, 10), (192, 160 / 192, 13), (288, 0.4, 7)]
)
def test_the_side_is_that_of_a_linear_interpolation(full: int, smallest: float, epochs: int) -> None:
    trick = ProgressiveSize(epochs=epochs, smallest=smallest)

    sides = [trick.input_side(full, epoch) for epoch in range(epochs + 3)]

    # As ffcv's rn50 training takes it.
    linear = np.interp(range(epochs + 3), [0, epochs], [smallest * full, full])
    assert sides == (np.round(linear / 32) * 32).astype(int).tolist()


@pytest.mark.parametrize("full", [200, 299, 64, 33])
def test_a_full_side_of_any_length_is_reached_and_not_passed(full: int) -> None:
    sides = [ProgressiveSize(epochs=5).input_side(full, epoch) for epoch in range(9)]

    assert sides == sorted(sides)
    assert sides[5:] == [full] * 4
    assert all(side % 32 == 0 and side >= 32 for side in sides[:5] if side != full)


def test_a_full_side_below_the_multiple_stays() -> None:
    assert [ProgressiveSize(epochs=5).input_side(24, epoch) for epoch in (0, 4, 5)] == [24, 24, 24]
    assert ProgressiveSize(epochs=5, multiple_of=8).input_side(24, 0) == 16


def test_how_long_it_takes_must_be_said() -> None:
    with pytest.raises(ValidationError, match="epochs"):
        ProgressiveSize.model_validate({})
