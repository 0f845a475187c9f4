"""Shuffled weights keep their values and lose their places."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.fabricate.networks import head, trained
from tests.tasks.detect import tiny
from transferbench.backbones.card import WeightsCard
from transferbench.backbones.weights.asked import Use
from transferbench.backbones.weights.export import export
from transferbench.backbones.weights.load import LoadedBackbone, load_backbone
from transferbench.backbones.weights.save import save_backbone
from transferbench.errors import ConfigError, WeightsError
from transferbench.tasks.classify.model import classifier_of
from transferbench.tasks.detect.model.detector import detector

CARD = WeightsCard(arch="mini_d", scores={"classify/top1": 0.9})
BEFORE = trained("mini_d")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "backbone.safetensors"
    save_backbone(path, BEFORE, CARD, head=head(128, 2))
    return path


def shuffled(path: Path, seed: int = 0) -> LoadedBackbone:
    return load_backbone(f"shuffled:{path}", seed=seed)


def parameters(loaded: LoadedBackbone) -> dict[str, Tensor]:
    return {name: parameter.detach() for name, parameter in loaded.backbone.named_parameters()}


def test_each_parameter_has_its_values_and_not_their_order(path: Path) -> None:
    after = parameters(shuffled(path))

    for name, before in BEFORE.named_parameters():
        assert torch.equal(after[name].flatten().sort().values, before.detach().flatten().sort().values), name
        assert not torch.equal(after[name], before), name


def test_the_places_are_the_seeds(path: Path) -> None:
    one, same, other = (parameters(shuffled(path, seed)) for seed in (1, 1, 2))

    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)


def test_the_global_generator_is_not_touched(path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.random.get_rng_state()

    shuffled(path)

    assert torch.equal(torch.random.get_rng_state(), expected)


def test_statistics_of_batch_norm_start_anew(path: Path) -> None:
    norms = [m for m in shuffled(path).backbone.modules() if isinstance(m, nn.BatchNorm2d)]

    means, variances = ([getattr(norm, f"running_{of}") for norm in norms] for of in ("mean", "var"))

    assert len(norms) == 22
    assert not any(mean.any() for mean in means)
    assert all(bool((variance == 1).all()) for variance in variances)


def test_maps_in_training_are_finite_and_not_dead(path: Path) -> None:
    backbone = shuffled(path).backbone.train()
    images_NCHW = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    maps = backbone(images_NCHW)

    assert all(bool(map_NCHW.isfinite().all()) and map_NCHW.std() > 0.05 for map_NCHW in maps)


def test_the_report_says_what_was_shuffled_and_has_a_sha256_of_its_own_for_each_seed(path: Path) -> None:
    one, other = (shuffled(path, seed).report for seed in (0, 1))

    assert one.is_control
    assert not one.was_random
    assert one.source == f"shuffled:{path}"
    assert one.shuffled_from == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len({one.shuffled_from, one.sha256, other.sha256}) == 3
    assert one.share_loaded == 1.0


def test_neither_the_classifier_nor_what_the_weights_claim_is_handed_on(path: Path) -> None:
    loaded = shuffled(path)

    assert (loaded.card, dict(loaded.head), dict(loaded.claims)) == (None, {}, {})
    assert loaded.report.left_out == ("bias", "weight")
    assert (loaded.report.classifier, loaded.report.classes) == ((), None)


def test_what_a_protocol_freezes_must_be_trained(path: Path) -> None:
    loaded = load_backbone(f"shuffled:{path}", Use(is_dense=True))

    with pytest.raises(
        ConfigError, match=r"expected a pretrained backbone, .*, found 'mini_d' with untrained weights"
    ):
        detector(loaded.backbone, 2, protocol=tiny.protocol(norm="frozen"), seed=0)


def test_nothing_that_would_pass_for_trained_weights_is_written(path: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"^shuffled:{path}: expected trained weights, found none"):
        export(shuffled(path), "transferbench", tmp_path / "x.safetensors", classifier_of=classifier_of)


@pytest.mark.parametrize(
    ("source", "found"),
    [("shuffled:", "nothing"), ("shuffled:random:mini_d", "'random:mini_d'"), ("shuffled:shuffled:x", "'sh")],
)
def test_what_was_never_trained_is_not_shuffled(source: str, found: str) -> None:
    with pytest.raises(WeightsError, match=f"^{source}: expected trained weights .*, found {found}"):
        load_backbone(source)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"x\.pth: expected .*'shuffled:BACKBONE'.*, found nothing"):
        load_backbone(f"shuffled:{tmp_path / 'x.pth'}")
