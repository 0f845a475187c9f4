"""The silhouettes."""

import numpy as np
import pytest

from transferbench.miniature.canvas import Pose, stencil
from transferbench.miniature.shapes import SHAPES, silhouette

SIDE = 64


def covered(name: str, degrees: float, mirror: int = 1) -> np.ndarray:
    """Returns which pixels a silhouette covers that fills the canvas."""
    turn = np.deg2rad(degrees)
    turned = np.array(((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))))
    shape = stencil(silhouette(name), Pose(np.full(2, SIDE / 2), turned @ np.diag((30, 30 * mirror))))
    window, alpha = shape.on(SIDE)
    canvas = np.zeros((SIDE, SIDE), np.float32)
    canvas[window] = alpha
    return canvas.ravel() >= 0.5


def test_there_are_24_classes_and_each_is_one_word() -> None:
    assert len(set(SHAPES)) == 24
    assert all(name.isalpha() and name.islower() for name in SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_the_farthest_point_of_a_silhouette_is_at_radius_1(name: str) -> None:
    outlines = silhouette(name)

    radii = np.concatenate([np.hypot(*outline.points_K2.T) for outline in outlines])

    assert radii.max() == pytest.approx(1)


def test_no_two_silhouettes_are_alike_however_turned_or_mirrored() -> None:
    upright = np.stack([covered(name, 0) for name in SHAPES]).astype(np.float32)
    turned = np.stack(
        [[covered(name, 10 * step, mirror) for step in range(36) for mirror in (1, -1)] for name in SHAPES]
    ).astype(np.float32)

    shared = np.einsum("ip,jtp->ijt", upright, turned)
    union = upright.sum(axis=1)[:, None, None] + turned.sum(axis=2)[None] - shared
    alike = (shared / union).max(axis=2) - np.eye(len(SHAPES))

    assert alike.max() < 0.8


def test_a_hole_shows_what_is_behind() -> None:
    ring = covered("ring", 0).reshape(SIDE, SIDE)

    assert not ring[SIDE // 2, SIDE // 2]
    assert ring[SIDE // 2, SIDE // 2 + 24]


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(KeyError):
        silhouette("cat")
