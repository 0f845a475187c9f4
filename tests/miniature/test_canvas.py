"""Stencils and textures."""

import numpy as np
import pytest

from transferbench.miniature.canvas import Pose, random_blob, random_pose, stencil
from transferbench.miniature.shapes import silhouette
from transferbench.miniature.textures import SKINS, STUFF, Field

FIELDS = (*STUFF.values(), *SKINS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.__name__)
def test_a_texture_fills_its_shape_with_shares(field: Field) -> None:
    for seed in range(20):
        values = field(np.random.default_rng(seed), (9, 40), 1.0)

        assert values.shape == (9, 40)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


def test_a_stencil_covers_the_area_of_its_shape() -> None:
    disc = stencil(silhouette("disc"), Pose(np.array((20.3, 17.8)), np.eye(2) * 10))

    assert disc.alpha_hw.sum() == pytest.approx(np.pi * 10**2, rel=0.03)


def test_the_centre_of_a_stencil_is_where_it_was_posed() -> None:
    square = stencil(silhouette("square"), Pose(np.array((20.25, 17.5)), np.eye(2) * 10))

    y, x = np.indices(square.alpha_hw.shape) + 0.5
    weight = square.alpha_hw.sum()

    assert square.left + (x * square.alpha_hw).sum() / weight == pytest.approx(20.25, abs=0.15)
    assert square.top + (y * square.alpha_hw).sum() / weight == pytest.approx(17.5, abs=0.15)


def test_a_stencil_is_cut_off_at_the_border_of_the_canvas() -> None:
    disc = stencil(silhouette("disc"), Pose(np.array((0.0, 32.0)), np.eye(2) * 10))

    window, alpha = disc.on(64)

    assert window[1].start == 0
    assert alpha.shape == (window[0].stop - window[0].start, window[1].stop)
    assert alpha.sum() == pytest.approx(disc.alpha_hw.sum() / 2, rel=0.05)


def test_a_stencil_beyond_the_canvas_covers_nothing() -> None:
    disc = stencil(silhouette("disc"), Pose(np.array((-40.0, 32.0)), np.eye(2) * 10))

    _, alpha = disc.on(64)

    assert alpha.size == 0


def test_poses_stay_within_their_radii_and_their_reach() -> None:
    rng = np.random.default_rng(0)

    poses = [random_pose(rng, 100, (0.1, 0.3), reach=1) for _ in range(200)]
    radii = [np.linalg.norm(pose.matrix, 2) for pose in poses]

    assert 10 <= min(radii) < 12
    assert 25 < max(radii) <= 30.001
    assert all((pose.centre >= radius - 1e-6).all() for pose, radius in zip(poses, radii, strict=True))


def test_blobs_differ_and_stay_within_the_disc() -> None:
    rng = np.random.default_rng(0)

    first, second = random_blob(rng)[0].points_K2, random_blob(rng)[0].points_K2

    assert not np.allclose(first, second)
    assert np.hypot(*first.T).max() <= 1.001
