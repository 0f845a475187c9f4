"""A network of timm's is known before it is made, and one that cannot be a backbone gets a sentence."""

import sys

import pytest

from transferbench.backbones.timm_network import timm_network, timm_spec
from transferbench.errors import WeightsError

pytest.importorskip("timm", reason="needs the extra `timm`")

OTHERS = "as 'timm:convnext_tiny' or 'timm:swin_tiny_patch4_window7_224'"


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        ("vit_tiny_patch16_224", "12 at stride 16"),
        ("volo_d1_224", "1 at stride 8, 3 at stride 16"),
        ("convmixer_768_32", "none"),
    ],
)
def test_a_network_without_the_four_maps_is_refused(name: str, maps: str) -> None:
    assert _complaint(f"timm:{name}") == (
        f"timm:{name}: expected one map each at strides 4, 8, 16 and 32, found {maps}; "
        f"take a network that narrows step by step, {OTHERS}"
    )


def test_a_network_for_pictures_of_one_size_is_refused() -> None:
    assert _complaint("timm:hiera_tiny_224") == (
        "timm:hiera_tiny_224: expected a network that takes pictures of any size, found one for "
        f"224 x 224 pixels that refuses 160 x 192; take another, {OTHERS}"
    )


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (
            "convnext_ato",
            "the nearest are 'timm:convnext_atto', 'timm:convnextv2_atto', 'timm:convnext_nano'",
        ),
        ("0", "timm.list_models() gives all"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(model: str, hint: str) -> None:
    assert _complaint(f"timm:{model}") == (
        f"timm:{model}: expected the name of a network of timm's, found {model!r}; {hint}"
    )


def test_an_unknown_tag_gets_the_known_ones() -> None:
    assert _complaint("timm:convnext_atto.d3") == (
        "timm:convnext_atto.d3: expected a tag of timm's for 'convnext_atto', found 'd3'; there are 'd2_in1k'"
    )


def test_without_timm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    timm_spec.cache_clear()

    assert _complaint("timm:resnet18d") == (
        "timm:resnet18d: expected the package timm, found none; pip install 'transferbench[timm]'"
    )


def test_a_tag_decides_the_pixels_and_is_no_part_of_the_name() -> None:
    plain, tagged = timm_spec("timm:resnet50"), timm_spec("timm:resnet50.tv_in1k")

    assert plain.name == tagged.name == "timm:resnet50"
    assert (plain.channels, plain.strides) == ((256, 512, 1024, 2048), (4, 8, 16, 32))
    assert (plain.pixels.interpolation, tagged.pixels.interpolation) == ("bicubic", "bilinear")
    assert (plain.pixels.crop, tagged.pixels.crop) == (0.95, 0.875)


@pytest.mark.parametrize(
    ("name", "stages", "front"),
    [
        ("resnet18d", 0, ()),
        ("resnet18d", 1, ("conv1", "bn1", "layer1")),
        ("resnet18d", 2, ("conv1", "bn1", "layer1", "layer2")),
        ("convnext_atto", 1, ("stem_0", "stem_1", "stages_0")),
        ("efficientnet_b0", 1, ("conv_stem", "bn1", "blocks.0", "blocks.1")),
        ("regnety_002", 3, ("stem", "s1", "s2", "s3")),
    ],
)
def test_the_front_is_the_stem_and_the_stages_before_a_map(
    name: str, stages: int, front: tuple[str, ...]
) -> None:
    backbone = timm_network(timm_spec(f"timm:{name}"))
    prefixes = tuple(f"network.{part}." for part in front)

    found = {id(parameter) for parameter in backbone.front_parameters(stages)}

    assert found == {id(p) for key, p in backbone.named_parameters() if key.startswith(prefixes)}


def test_the_front_of_the_last_map_is_the_whole_network() -> None:
    backbone = timm_network(timm_spec("timm:resnet18d"))

    assert len(backbone.front_parameters(4)) == len(list(backbone.parameters()))


def _complaint(name: str) -> str:
    with pytest.raises(WeightsError) as caught:
        timm_spec(name)
    return str(caught.value)
