"""The rows of the paper's tables: their settings by hand, and neighbours that differ in one switch."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from transferbench.engine.plan import Sgd, Step
from transferbench.recipes.load import load_recipe, shipped

NAMES = {
    "S": "linear_scaling",
    "W": "warmup",
    "Z": "zero_gamma",
    "B": "no_bias_decay",
    "C": "cosine",
    "L": "label_smoothing",
    "M": "mixup",
    "D": "distillation",
}


class Row(NamedTuple):
    """What the paper and the released commands say of a row."""

    arch: str
    batch: int
    peak: float
    epochs: int
    precision: str
    tricks: str
    """Letters of NAMES."""


NETWORKS = {"resnet50_d": ("resnet50_d", "SWZB"), "inception_v3": ("inception_v3", "SWB")}
NETWORKS |= {"mobilenet": ("mobilenet_v1_100", "SWB")}
REFINEMENTS = {"efficient": "", "cosine": "C", "smooth": "CL", "distill": "CLD", "mixup": "CLM"}
REFINEMENTS |= {"distill_mixup": "CLMD"}

ROWS = {
    "resnet50_baseline": Row("resnet50_v1", 256, 0.1, 120, "fp32", ""),
    "inception_v3_baseline": Row("inception_v3", 256, 0.1, 120, "fp32", ""),
    "mobilenet_baseline": Row("mobilenet_v1_100", 256, 0.1, 120, "fp32", ""),
    "resnet50_256_warmup": Row("resnet50_v1", 256, 0.1, 120, "fp32", "W"),
    "resnet50_256_gamma": Row("resnet50_v1", 256, 0.1, 120, "fp32", "WZ"),
    "resnet50_256_no_bias_decay": Row("resnet50_v1", 256, 0.1, 120, "fp32", "WZB"),
    "resnet50_256_fp16": Row("resnet50_v1", 256, 0.1, 120, "fp16", "WZB"),
    "resnet50_1024_linear": Row("resnet50_v1", 1024, 0.4, 120, "fp32", "S"),
    "resnet50_1024_warmup": Row("resnet50_v1", 1024, 0.4, 120, "fp32", "SW"),
    "resnet50_1024_gamma": Row("resnet50_v1", 1024, 0.4, 120, "fp32", "SWZ"),
    "resnet50_1024_no_bias_decay": Row("resnet50_v1", 1024, 0.4, 120, "fp32", "SWZB"),
    "resnet50_efficient": Row("resnet50_v1", 1024, 0.4, 120, "fp16", "SWZB"),
    "resnet50_b_efficient": Row("resnet50_b", 1024, 0.4, 120, "fp16", "SWZB"),
    "resnet50_c_efficient": Row("resnet50_c", 1024, 0.4, 120, "fp16", "SWZB"),
    "resnet50_b_standard": Row("resnet50_b", 256, 0.1, 120, "fp32", ""),
    "resnet152_d_smooth": Row("resnet152_d", 512, 0.2, 120, "fp32", "SWZBCL"),
    "resnet152_d_mixup": Row("resnet152_d", 256, 0.1, 200, "fp32", "WZBCLM"),
    "resnet50_d_places_efficient": Row("resnet50_d", 1024, 0.4, 120, "fp16", "SWZB"),
    "resnet50_d_places_best": Row("resnet50_d", 1024, 0.4, 200, "fp16", "SWZBCLM"),
    **{
        f"{network}_{key}": Row(arch, 1024, 0.4, 200 if "M" in more else 120, "fp16", base + more)
        for network, (arch, base) in NETWORKS.items()
        for key, more in REFINEMENTS.items()
    },
}
CHAINS: dict[str, tuple[tuple[str, set[str]], ...]] = {
    "resnet50_baseline": (
        ("resnet50_256_warmup", {"tricks.warmup"}),
        ("resnet50_256_gamma", {"tricks.zero_gamma"}),
        ("resnet50_256_no_bias_decay", {"tricks.no_bias_decay"}),
        ("resnet50_256_fp16", {"plan.precision"}),
    ),
    "resnet50_1024_linear": (
        ("resnet50_1024_warmup", {"tricks.warmup"}),
        ("resnet50_1024_gamma", {"tricks.zero_gamma"}),
        ("resnet50_1024_no_bias_decay", {"tricks.no_bias_decay"}),
        ("resnet50_efficient", {"plan.precision"}),
        ("resnet50_b_efficient", {"arch"}),
        ("resnet50_c_efficient", {"arch"}),
        ("resnet50_d_efficient", {"arch"}),
    ),
    **{
        f"{network}_efficient": (
            (f"{network}_cosine", {"tricks.cosine"}),
            (f"{network}_smooth", {"tricks.label_smoothing"}),
            (f"{network}_distill", {"tricks.distillation"}),
        )
        for network in (*NETWORKS, "mini6")
    },
    **{
        f"{network}_smooth": (
            (f"{network}_mixup", {"tricks.mixup", "plan.epochs"}),
            (f"{network}_distill_mixup", {"tricks.distillation"}),
        )
        for network in (*NETWORKS, "mini6")
    },
}
LINKS = [
    (before, after, switches)
    for first, links in CHAINS.items()
    for before, (after, switches) in zip([first, *(name for name, _ in links)], links, strict=False)
]


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of a recipe by dotted key, two deep."""
    tables = {key: value for key, value in content.items() if key in ("plan", "tricks")}
    inside = {f"{table}.{key}": value for table, keys in tables.items() for key, value in keys.items()}
    return {key: value for key, value in content.items() if key not in tables} | inside


def settings(name: str) -> dict[str, Any]:
    return flat(load_recipe(name).model_dump(exclude={"name", "about", "paper"}))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_set_as_the_paper_and_the_released_commands_say(name: str) -> None:
    recipe, row = load_recipe(name), ROWS[name]

    plan, tricks = recipe.plan, recipe.tricks
    assert plan is not None
    assert (recipe.arch, plan.batch_size, plan.epochs, plan.precision) == (
        *(row.arch, row.batch, row.epochs, row.precision),
    )
    assert tricks.scale_lr(plan.lr, plan.batch_size) == pytest.approx(row.peak)
    assert {type(trick) for trick in tricks.tricks()} == {
        type(getattr(tricks, NAMES[letter])) for letter in row.tricks
    }


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_the_papers_optimizer_steps_and_memory_format(name: str) -> None:
    plan = load_recipe(name).plan

    assert plan is not None
    assert plan.optimizer == Sgd(name="sgd", momentum=0.9, nesterov=True, weight_decay=1e-4)
    assert plan.schedule == Step(name="step", at_epochs=(30, 60, 90), factor=0.1)
    assert plan.channels_last and plan.batch_norm == "local"


@pytest.mark.parametrize("name", ROWS)
def test_tricks_have_the_papers_settings(name: str) -> None:
    tricks = load_recipe(name).tricks

    assert tricks.warmup is None or tricks.warmup.epochs == 5
    assert tricks.linear_scaling is None or tricks.linear_scaling.base_batch == 256
    assert tricks.label_smoothing is None or tricks.label_smoothing.epsilon == 0.1
    assert tricks.mixup is None or tricks.mixup.alpha == 0.2
    assert tricks.distillation is None or tricks.distillation.temperature == 20


@pytest.mark.parametrize("name", ROWS)
def test_a_student_with_mixup_has_a_teacher_with_mixup(name: str) -> None:
    recipe = load_recipe(name)

    with_mixup = "resnet152_d_smooth" if recipe.tricks.mixup is None else "resnet152_d_mixup"
    assert recipe.teacher == (with_mixup if "D" in ROWS[name].tricks else None)


@pytest.mark.parametrize("name", ROWS)
def test_inception_sees_299_pixels_and_places_its_own_pictures(name: str) -> None:
    protocol = load_recipe(name).protocol

    expected = "imagenet-299@1" if name.startswith("inception") else "imagenet@1"
    assert protocol == ("places365@1" if "places" in name else expected)


@pytest.mark.parametrize(
    ("before", "after", "switches"),
    LINKS,
    ids=lambda part: part if isinstance(part, str) else "-".join(sorted(part)),
)
def test_neighbours_differ_in_one_switch(before: str, after: str, switches: set[str]) -> None:
    below, above = settings(before), settings(after)

    assert {key for key in below if below[key] != above[key]} == switches


@pytest.mark.parametrize("key", REFINEMENTS)
def test_the_miniature_twin_has_the_tricks_of_its_row(key: str) -> None:
    twin, row = load_recipe(f"mini6_{key}").tricks, load_recipe(f"resnet50_d_{key}").tricks

    assert [type(trick) for trick in twin.tricks()] == [type(trick) for trick in row.tricks()]


def test_every_row_is_built_from_the_baseline_by_one_level_of_base() -> None:
    files = shipped("recipes")

    for name in set(ROWS) - {"resnet50_baseline"}:
        assert 'base = "resnet50_baseline.toml"\n' in files[name].read_text()
    assert "base" not in load_recipe("resnet50_baseline").model_dump()


def test_today_s_recipe_has_each_trick_that_the_paper_has_not() -> None:
    tricks = load_recipe("modern").tricks

    beyond = ("progressive_size", "rand_augment", "random_erasing", "cutmix", "binary_cross_entropy", "ema")
    assert all(getattr(tricks, name) is not None for name in (*beyond, "mixup", "cosine", "warmup"))
    for name in ROWS:
        assert all(getattr(load_recipe(name).tricks, trick) is None for trick in beyond)
