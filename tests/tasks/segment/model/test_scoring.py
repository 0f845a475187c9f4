from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tests.tasks.segment.tiny import PROTOCOL, TinyBackbone
from transferbench.tasks.segment.model import scoring
from transferbench.tasks.segment.model.fcn import Fcn
from transferbench.tasks.segment.model.scoring import multi_scale, single_scale
from transferbench.tasks.segment.settings import Head, MultiScale, SegmentProtocol


class _Answers(nn.Module):
    """A network whose logits are what a function makes of its pixels; one step a pixel."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.unit = nn.Parameter(torch.ones(1))
        self.answer = answer
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, pixels: Tensor) -> tuple[Tensor, None]:
        self.sizes.append(tuple(pixels.shape))
        return self.answer(pixels), None


def _by_size(pixels: Tensor) -> Tensor:
    """Answers class 1 on pictures above 40 pixels of width and class 0, less sure, on others."""
    is_large = float(pixels.shape[3] > 40)
    logits = torch.stack([torch.full((1,), 1.0 - is_large), torch.full((1,), 3.0 * is_large)], 1)
    return logits[..., None, None].expand(len(pixels), 2, *pixels.shape[2:])


def _by_colour(pixels: Tensor) -> Tensor:
    """Answers the colour channel that is brightest."""
    return pixels * 10


def _protocol(**changes: Any) -> SegmentProtocol:
    return PROTOCOL.model_copy(update=changes)


def _scales(**changes: Any) -> MultiScale:
    return MultiScale.model_validate({"base_size": 32, "scales": (0.5, 1.0, 1.5, 2.0)} | changes)


def _noise(height: int, width: int, count: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    small = torch.randint(256, (count, 3, -(-height // 8), -(-width // 8)), generator=rng, dtype=torch.uint8)
    return small.repeat_interleave(8, 2).repeat_interleave(8, 3)[:, :, :height, :width]


def test_a_network_that_depends_on_scale_proves_which_way_ran() -> None:
    model, image = _Answers(_by_size), torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    protocol = _protocol(multi_scale=_scales())

    single = single_scale(model, image, protocol)
    several = multi_scale(model, image[0], protocol)

    assert (single == 0).all() and single.shape == (1, 32, 32)
    assert (several == 1).all() and several.shape == (32, 32)


def test_all_sizes_run_each_with_its_mirror_image() -> None:
    model = _Answers(_by_colour)

    multi_scale(model, _noise(32, 24)[0], _protocol(multi_scale=_scales()))

    assert model.sizes == [(2, 3, 16, 12), (2, 3, 32, 24), (2, 3, 48, 36), (2, 3, 64, 48)]


def test_without_flips_each_size_runs_once() -> None:
    model = _Answers(_by_colour)

    multi_scale(model, _noise(32, 24)[0], _protocol(multi_scale=_scales(flip=False, scales=(1.0,))))

    assert model.sizes == [(1, 3, 32, 24)]


@pytest.mark.parametrize(("side", "heights"), [("long", [16, 32]), ("short", [32, 64])])
def test_the_base_is_of_the_side_that_the_protocol_names(side: str, heights: list[int]) -> None:
    model = _Answers(_by_colour)

    multi_scale(model, _noise(16, 32)[0], _protocol(multi_scale=_scales(side=side, scales=(1.0, 2.0))))

    assert [size[2] for size in model.sizes] == heights


def test_windows_stand_two_thirds_of_their_side_apart_and_are_padded() -> None:
    model = _Answers(_by_colour)

    multi_scale(
        model, _noise(32, 64)[0], _protocol(multi_scale=_scales(base_size=64, window=30, scales=(1.0,)))
    )

    # 32 rows: from 0 and 20; 64 columns: from 0, 20 and 40.
    assert model.sizes == [(2 * 6, 3, 30, 30)]


def test_a_picture_smaller_than_a_window_is_padded_to_it() -> None:
    model = _Answers(_by_colour)

    labels = multi_scale(model, _noise(16, 32)[0], _protocol(multi_scale=_scales(window=48, scales=(1.0,))))

    assert model.sizes == [(2, 3, 48, 48)]
    assert labels.shape == (16, 32)


@pytest.mark.parametrize("combine", ["exp", "softmax"])
@pytest.mark.parametrize("window", [None, 24])
def test_where_all_sizes_and_windows_agree_their_answer_stands(combine: str, window: int | None) -> None:
    image = _noise(48, 64)

    labels = multi_scale(
        _Answers(_by_colour),
        image[0],
        _protocol(multi_scale=_scales(base_size=64, scales=(1.0,), combine=combine, window=window)),
    )

    assert torch.equal(labels.long(), image[0].float().argmax(0))


def test_answers_are_added_up_as_the_released_code_does() -> None:
    model, image = Fcn(TinyBackbone(), 5, head=Head(), seed=0).eval(), _noise(50, 40)[0]
    scales = _scales(base_size=50, window=32, combine="exp", scales=(0.6, 1.2))

    with torch.inference_mode():
        ours = multi_scale(model, image, _protocol(multi_scale=scales))
        theirs = _released(model, image[None] / 255, base=50, crop=32, scales=(0.6, 1.2))

    assert (ours == theirs).float().mean() > 0.999


def _released(model: Fcn, image: Tensor, *, base: int, crop: int, scales: tuple[float, ...]) -> Tensor:
    """GluonCV's MultiEvalModel, step by step, with the resizing of ours."""
    height, width = image.shape[2:]
    total = torch.zeros(1, 5, height, width)
    for scale in scales:
        long = -(-int(base * scale * 1000) // 1000)
        h, w = long, int(width * long / height + 0.5)
        resized = interpolate(image, (h, w), mode="bilinear", antialias=True)
        stride = int(crop * 2 / 3)
        rows, columns = (max(0, -(-(side - crop) // stride)) + 1 for side in (h, w))
        ph, pw = max(h, crop), max(w, crop)
        canvas = torch.zeros(1, 3, ph, pw)
        canvas[..., :h, :w] = resized
        outputs, count = torch.zeros(1, 5, ph, pw), torch.zeros(1, 1, ph, pw)
        for r in range(rows):
            for c in range(columns):
                top, left = r * stride, c * stride
                part = canvas[..., top : top + crop, left : left + crop]
                full = torch.zeros(1, 3, crop, crop)
                full[..., : part.shape[2], : part.shape[3]] = part
                answer = (_full(model, full) + _full(model, full.flip(3)).flip(3)).exp()
                outputs[..., top : top + crop, left : left + crop] += answer[
                    ..., : part.shape[2], : part.shape[3]
                ]
                count[..., top : top + crop, left : left + crop] += 1
        score = (outputs / count)[..., :h, :w]
        total += interpolate(score, (height, width), mode="bilinear", align_corners=True)
    return total[0].argmax(0)


def _full(model: Fcn, pixels: Tensor) -> Tensor:
    return interpolate(model(pixels)[0], pixels.shape[2:], mode="bilinear", align_corners=True)


def test_huge_logits_do_not_overflow() -> None:
    model, image = _Answers(lambda pixels: 1000 + 30 * pixels), _noise(32, 32)

    labels = multi_scale(model, image[0], _protocol(multi_scale=_scales(combine="exp", scales=(1.0,))))

    assert torch.equal(labels.long(), image[0].float().argmax(0))


def test_a_large_picture_goes_through_in_tiles_of_the_protocol_s_side() -> None:
    model, image = _Answers(_by_colour), _noise(40, 100)

    labels = single_scale(model, image, _protocol(tile=48))

    assert {size[2:] for size in model.sizes} == {(40, 48)}
    assert torch.equal(labels[0].long(), image[0].float().argmax(0))


@pytest.mark.parametrize("side", [1, 47, 48, 49, 80, 81, 113, 1000])
def test_tiles_keep_every_pixel_once_and_away_from_their_borders(side: int) -> None:
    tiles = scoring._tiles(side, 48)

    kept = [pixel for _, inner in tiles for pixel in range(inner.start, inner.stop)]
    assert kept == list(range(side))
    assert all(outer.start <= inner.start and inner.stop <= outer.stop for outer, inner in tiles)
    assert all(outer.stop <= side and outer.stop - outer.start == min(48, side) for outer, _ in tiles)
    assert all(inner.start - outer.start >= 8 for outer, inner in tiles[1:])


def test_tiles_see_what_the_whole_picture_shows_away_from_their_borders() -> None:
    model, image = Fcn(TinyBackbone(), 5, head=Head(), seed=0).eval(), _noise(64, 400)

    with torch.inference_mode():
        whole = single_scale(model, image, _protocol())
        tiled = single_scale(model, image, _protocol(tile=160))

    assert (whole == tiled).float().mean() > 0.97


def test_a_short_side_resizes_for_the_network_and_answers_at_the_picture_s_own_size() -> None:
    model, image = _Answers(_by_colour), _noise(32, 48)

    labels = single_scale(model, image, _protocol(short_side=64))

    assert model.sizes == [(1, 3, 64, 96)]
    assert labels.shape == (1, 32, 48)
    assert (labels[0].long() == image[0].float().argmax(0)).float().mean() > 0.85


def test_a_pixel_far_less_sure_than_the_surest_keeps_its_class() -> None:
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    image[0, 2] = 20
    image[0, 1, :8, :8] = 255

    labels = multi_scale(
        _Answers(lambda pixels: 100 * pixels),
        image[0],
        _protocol(multi_scale=_scales(combine="exp", scales=(1.0,))),
    )

    assert labels[20, 20] == 2 and labels[2, 2] == 1


def test_a_long_picture_is_no_longer_than_the_protocol_says() -> None:
    model, image = _Answers(_by_colour), _noise(16, 128)
    scales = _scales(side="short", longest=64, scales=(1.0, 2.0))

    multi_scale(model, image[0], _protocol(multi_scale=scales))
    single_scale(model, image, _protocol(short_side=32, longest_side=64))

    assert [size[2:] for size in model.sizes] == [(8, 64), (16, 128), (8, 64)]


def test_a_smaller_size_is_the_mean_of_all_pixels_that_it_covers() -> None:
    stripes = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    stripes[..., ::4] = 255
    seen: list[Tensor] = []

    def answer(pixels: Tensor) -> Tensor:
        seen.append(pixels)
        return pixels

    model = _Answers(answer)

    multi_scale(model, stripes[0], _protocol(multi_scale=_scales(base_size=16, scales=(1.0,), flip=False)))

    assert seen[0][..., 4:12, 4:12].sub(0.25).abs().max() < 0.02


def test_the_scaled_side_is_rounded_up() -> None:
    model = _Answers(_by_colour)

    multi_scale(model, _noise(32, 32)[0], _protocol(multi_scale=_scales(base_size=33, scales=(0.5,))))

    assert model.sizes == [(2, 3, 17, 17)]


def test_tiles_meet_in_the_middle_of_their_overlap() -> None:
    (left, kept), (right, _) = scoring._tiles(80, 48)

    assert kept.stop == (right.start + left.stop) // 2
