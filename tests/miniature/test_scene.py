"""Scenes and their truth."""

from functools import cache

import numpy as np

from transferbench.miniature.ade20k import class_mask as ade_mask
from transferbench.miniature.layers import BLOB
from transferbench.miniature.scene import Scene, draw_object, draw_scene
from transferbench.miniature.shapes import SHAPES
from transferbench.miniature.textures import STUFF
from transferbench.miniature.voc import EDGE
from transferbench.miniature.voc import class_mask as voc_mask


@cache
def scenes() -> list[Scene]:
    """Returns 150 scenes, a few of them empty."""
    return [
        draw_scene(np.random.default_rng((0, seed)), pixels=128, unit=1, empty_share=0.04)
        for seed in range(150)
    ]


def test_boxes_are_tight_around_what_can_be_seen() -> None:
    for scene in scenes():
        for number, thing in enumerate(scene.things, start=1):
            x_min, y_min, x_max, y_max = thing.box
            seen = scene.instances_HW == number

            assert seen[y_min:y_max, x_min:x_max].sum() == seen.sum()
            assert seen[y_min].any() and seen[y_max - 1].any()
            assert seen[:, x_min].any() and seen[:, x_max - 1].any()


def test_some_objects_are_difficult_and_some_are_cut_off() -> None:
    things = [thing for scene in scenes() for thing in scene.things]

    assert 0.05 < np.mean([thing.is_difficult for thing in things]) < 0.2
    assert 0.1 < np.mean([thing.is_truncated for thing in things]) < 0.5


def test_some_scenes_are_empty_and_none_where_that_is_not_wanted() -> None:
    rng = np.random.default_rng(0)

    full = [draw_scene(rng, pixels=64, unit=1) for _ in range(60)]

    assert 1 <= sum(not scene.things for scene in scenes()) <= 20
    assert all(scene.things for scene in full)


def test_every_class_and_every_kind_of_ground_occurs() -> None:
    assert {thing.label for scene in scenes() for thing in scene.things} == set(range(len(SHAPES)))
    assert set(np.unique([scene.stuff_HW for scene in scenes()])) == set(range(len(STUFF)))


def test_the_mask_of_voc_has_a_line_around_objects_and_nothing_on_blobs() -> None:
    for scene in scenes()[:40]:
        mask = voc_mask(scene)
        is_object = (scene.instances_HW > 0) & (scene.instances_HW < BLOB)

        assert (mask[is_object] <= len(SHAPES)).all() and (mask[is_object] > 0).all()
        assert set(np.unique(mask[~is_object])) <= {0, EDGE}
        assert (mask == EDGE).any() == bool(scene.things)


def test_the_mask_of_ade20k_names_the_ground_and_the_objects_and_leaves_blobs_out() -> None:
    for scene in scenes()[:40]:
        mask = ade_mask(scene)
        ground = scene.instances_HW == 0

        assert ((mask == 0) == (scene.instances_HW == BLOB)).all()
        assert (mask[ground] == scene.stuff_HW[ground] + 1).all()
        for number, thing in enumerate(scene.things, start=1):
            assert (mask[scene.instances_HW == number] == len(STUFF) + 1 + thing.label).all()


def test_a_picture_depends_on_its_generator_alone() -> None:
    first = draw_object(np.random.default_rng(3), 5, pixels=64, unit=1)
    again = draw_object(np.random.default_rng(3), 5, pixels=64, unit=1)
    other = draw_object(np.random.default_rng(4), 5, pixels=64, unit=1)

    assert first.shape == (64, 64, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_larger_unit_draws_the_same_on_more_pixels() -> None:
    scene = draw_scene(np.random.default_rng(0), pixels=256, unit=2)

    assert scene.picture_HW3.shape == (256, 256, 3)
    assert scene.instances_HW.shape == scene.stuff_HW.shape == (256, 256)
