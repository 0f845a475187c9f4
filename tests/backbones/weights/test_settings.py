"""What belongs to weights comes from whoever knows best, and is told."""

import pytest

from transferbench.backbones.card import Form, Pixels, WeightsCard
from transferbench.backbones.catalog import spec_of
from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.settings import settle
from transferbench.errors import WeightsError

SPEC = spec_of("mobilenet_v1_050")
HINTS = Hints("the index", pixels={"input_size": 160, "crop": 0.9}, form={"activation": "relu6"})
CARD = WeightsCard("mobilenet_v1_050", pixels=Pixels(input_size=128), form=Form("relu", "same"))


def test_the_architecture_says_what_nobody_else_says() -> None:
    settings = settle(SPEC)

    assert (settings.pixels, settings.form) == (SPEC.pixels, SPEC.form)
    assert set(settings.told_by.values()) == {"the default of mobilenet_v1_050"}


def test_the_source_is_heard_before_the_architecture() -> None:
    settings = settle(SPEC, hints=HINTS)

    assert (settings.pixels.input_size, settings.pixels.crop) == (160, 0.9)
    assert settings.form == Form("relu6", "symmetric")
    assert (settings.told_by["crop"], settings.told_by["mean"]) == (
        "the index",
        "the default of mobilenet_v1_050",
    )


def test_the_card_is_heard_before_the_source_and_the_user_before_all() -> None:
    settings = settle(SPEC, hints=HINTS, card=CARD, asked={"crop": 0.5, "mean": [0.5, 0.5, 0.5]})

    assert settings.pixels == Pixels(mean=(0.5, 0.5, 0.5), input_size=128, crop=0.5)
    assert settings.form == CARD.form
    assert (settings.told_by["input_size"], settings.told_by["crop"]) == ("the file's card", "you")


def test_a_card_of_an_earlier_version_says_nothing_of_the_form() -> None:
    settings = settle(SPEC, card=WeightsCard("mobilenet_v1_050"))

    assert settings.form == SPEC.form
    assert settings.told_by["padding"] == "the default of mobilenet_v1_050"


def test_a_record_has_value_and_teller_of_each_setting() -> None:
    found = settle(SPEC, asked={"padding": "same"}).as_dict()

    assert found["padding"] == {"value": "same", "told_by": "you"}
    assert list(found) == [
        *("mean", "std", "input_size", "crop", "interpolation", "colours"),
        *("activation", "padding"),
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mena": [0.5]}, "setting 'mena': expected one of the weights'; the nearest is 'mean'"),
        (
            {"crop": 1.5},
            "settings of the weights: crop: input should be less than or equal to 1; found 1.5",
        ),
        (
            {"std": [0.5, 0, 0.5]},
            "settings of the weights: std.1: input should be greater than 0; found 0",
        ),
        (
            {"padding": "zeros"},
            "settings of the weights: padding: input should be 'symmetric', 'same', 'valid' or 'own'; "
            "found 'zeros'",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_told(asked: dict[str, object], message: str) -> None:
    with pytest.raises(WeightsError) as caught:
        settle(SPEC, asked=asked)

    assert str(caught.value) == message
