"""RandAugment."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torchvision.transforms import v2

from transferbench.tricks.rand_augment import RandAugment

PICTURE_HW3 = np.random.default_rng(0).integers(256, size=(40, 56, 3), dtype=np.uint8)


@pytest.mark.parametrize("settings", [{}, {"operations": 3, "magnitude": 25}])
def test_the_pictures_are_those_of_torchvision(settings: dict[str, Any]) -> None:
    theirs = v2.RandAugment(settings.get("operations", 2), settings.get("magnitude", 9))
    for seed in range(30):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.default_rng(seed).integers(2**63)))
            expected = theirs(Image.fromarray(PICTURE_HW3))

        ours = RandAugment(**settings).distort(PICTURE_HW3, np.random.default_rng(seed))

        assert np.array_equal(ours, np.asarray(expected))


def test_the_pictures_are_nearly_those_that_torchvision_makes_of_tensors() -> None:
    image_3HW = torch.from_numpy(PICTURE_HW3.transpose(2, 0, 1).copy())
    differences = []
    for seed in range(60):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.default_rng(seed).integers(2**63)))
            expected_3HW = v2.RandAugment()(image_3HW).numpy().astype(int)
        ours_HW3 = RandAugment().distort(PICTURE_HW3, np.random.default_rng(seed))
        differences.append(np.abs(ours_HW3.transpose(2, 0, 1) - expected_3HW).mean())

    assert np.median(differences) < 1


def test_a_picture_depends_on_its_own_generator_alone() -> None:
    def distorted(seed: int) -> np.ndarray:
        return RandAugment().distort(PICTURE_HW3, np.random.default_rng(seed))

    with torch.random.fork_rng(devices=[]):
        first = [distorted(seed) for seed in range(8)]
        torch.manual_seed(99)
        again = [distorted(seed) for seed in range(8)]

    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({picture.tobytes() for picture in first}) > 4


def test_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()

    RandAugment().distort(PICTURE_HW3, np.random.default_rng(0))

    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("settings", [{"magnitude": 31}, {"magnitude": -1}, {"operations": 0}])
def test_settings_that_torchvision_does_not_know_are_errors(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RandAugment(**settings)
