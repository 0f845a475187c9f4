"""What the suites print beside our numbers, against the paper's tables as written down here."""

from pathlib import Path

import pytest

from tests.fabricate.toml import write_toml
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_recipe, load_suite

CLASSIFY = ("classify/top1", "classify/top5")
COLUMNS = {
    **dict.fromkeys(("table2", "table3", "table4", "table5", "table6", "table6_mini", "table7"), CLASSIFY),
    "table8": ("classify/top1", "detect/map_voc07"),
    "table9": ("classify/top1", "segment/ms_pix_acc", "segment/ms_miou"),
}
D6 = ("efficient", "cosine", "smooth", "distill", "mixup", "distill_mixup")
TRANSFERRED = ("resnet50_b_standard", *(f"resnet50_d_{key}" for key in D6))
TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "table2": {
        "resnet50_baseline": ("75.87", "92.70"),
        "inception_v3_baseline": ("77.32", "93.43"),
        "mobilenet_baseline": ("69.03", "88.71"),
    },
    "table3": {
        "resnet50_baseline": ("75.87", "92.70"),
        "resnet50_efficient": ("76.21", "92.97"),
        "inception_v3_baseline": ("77.32", "93.43"),
        "inception_v3_efficient": ("77.50", "93.60"),
        "mobilenet_baseline": ("69.03", "88.71"),
        "mobilenet_efficient": ("71.90", "90.47"),
    },
    "table4": {
        "resnet50_baseline": ("75.87", "92.70"),
        "resnet50_256_warmup": ("76.03", "92.81"),
        "resnet50_256_gamma": ("76.19", "93.03"),
        "resnet50_256_no_bias_decay": ("76.16", "92.97"),
        "resnet50_256_fp16": ("76.15", "93.09"),
        "resnet50_1024_linear": ("75.17", "92.54"),
        "resnet50_1024_warmup": ("75.93", "92.84"),
        "resnet50_1024_gamma": ("76.37", "92.96"),
        "resnet50_1024_no_bias_decay": ("76.03", "92.86"),
        "resnet50_efficient": ("76.21", "92.97"),
    },
    "table5": {
        "resnet50_efficient": ("76.21", "92.97"),
        "resnet50_b_efficient": ("76.66", "93.28"),
        "resnet50_c_efficient": ("76.87", "93.48"),
        "resnet50_d_efficient": ("77.16", "93.52"),
    },
    "table6": {
        "resnet50_d_efficient": ("77.26 +- 0.07", "93.53 +- 0.05"),
        "resnet50_d_cosine": ("77.73 +- 0.13", "93.82 +- 0.08"),
        "resnet50_d_smooth": ("78.37 +- 0.09", "94.10 +- 0.03"),
        "resnet50_d_distill": ("78.63 +- 0.04", "94.38 +- 0.03"),
        "resnet50_d_mixup": ("79.01 +- 0.09", "94.57 +- 0.02"),
        "resnet50_d_distill_mixup": ("79.33 +- 0.07", "94.66 +- 0.03"),
        "inception_v3_efficient": ("77.50", "93.60"),
        "inception_v3_cosine": ("78.19", "94.06"),
        "inception_v3_smooth": ("78.40", "94.13"),
        "inception_v3_distill": ("78.26", "94.01"),
        "inception_v3_mixup": ("78.77", "94.39"),
        "inception_v3_distill_mixup": ("78.34", "94.16"),
        "mobilenet_efficient": ("71.90", "90.53"),
        "mobilenet_cosine": ("72.83", "91.00"),
        "mobilenet_smooth": ("72.93", "91.14"),
        "mobilenet_distill": ("71.97", "90.89"),
        "mobilenet_mixup": ("73.28", "91.30"),
        "mobilenet_distill_mixup": ("72.51", "91.02"),
    },
    "table6_mini": {f"mini6_{key}": () for key in D6},
    "table7": {"resnet50_d_places_efficient": (), "resnet50_d_places_best": ()},
    "table8": dict(
        zip(
            TRANSFERRED,
            (
                ("76.14", "77.54"),
                ("77.16", "78.30"),
                ("77.91", "79.23"),
                ("78.34", "80.71"),
                ("78.67", "80.96"),
                ("79.16", "81.10"),
                ("79.29", "81.33"),
            ),
            strict=True,
        )
    ),
    "table9": dict(
        zip(
            TRANSFERRED,
            (
                ("76.14", "78.08", "37.05"),
                ("77.16", "78.88", "38.88"),
                ("77.91", "79.25", "39.33"),
                ("78.34", "78.64", "38.75"),
                ("78.67", "78.97", "38.90"),
                ("79.16", "78.47", "37.99"),
                ("79.29", "78.72", "38.40"),
            ),
            strict=True,
        )
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_suite_prints_the_numbers_of_its_table(name: str) -> None:
    suite, recipes = load_suite(name)

    printed = {
        recipe.name: {
            key: f"{100 * score.mean:.2f}" + (f" +- {100 * score.sd:.2f}" if score.sd is not None else "")
            for key, score in (suite.paper.get(recipe.name) or recipe.paper).items()
        }
        for recipe in recipes
    }

    assert list(printed) == list(TABLES[name])
    for recipe, numbers in TABLES[name].items():
        assert printed[recipe] == dict(zip(COLUMNS[name], numbers, strict=False))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_compared_with_the_first_row_of_each_of_its_parts(name: str) -> None:
    suite, _ = load_suite(name)

    firsts = {"table3": 3, "table4": 2, "table6": 3}.get(name, 1)
    assert suite.baseline == suite.recipes[0]
    assert suite.further_baselines == suite.recipes[:: len(suite.recipes) // firsts][1:]


def test_a_number_and_a_number_with_its_spread_are_both_read(tmp_path: Path) -> None:
    paper = {"classify/top1": 0.7837, "classify/top5": {"mean": 0.941, "sd": 0.0003}}
    path = write_toml(tmp_path / "r.toml", {"weights": "random:mini_b", "paper": _quoted(paper)})

    found = load_recipe(str(path)).paper

    assert (found["classify/top1"].mean, found["classify/top1"].sd) == (0.7837, None)
    assert (found["classify/top5"].mean, found["classify/top5"].sd) == (0.941, 0.0003)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "classify/top1",
            -0.1,
            "paper.classify/top1: expected 0 or more, found -0.1",
        ),
        (
            "classify/top1",
            {"mean": 78.37},
            "paper.classify/top1.mean: expected 1 or less",
        ),
        (
            "classify/top1",
            {"mean": 0.7, "sd": -1},
            "paper.classify/top1.sd: expected 0 or more",
        ),
        ("classify/top1", {"mean": 0.7, "std": 0.1}, "paper.classify/top1.std: unknown key"),
        ("classify/top1", True, "paper.classify/top1: expected a table, as { key = ... }"),
        ("top1", 0.7, "paper.top1: expected the name of a score, as classify/top1, found"),
    ],
)
def test_what_is_no_number_of_the_paper_is_refused(
    tmp_path: Path, key: str, value: object, told: str
) -> None:
    path = write_toml(tmp_path / "r.toml", {"weights": "random:mini_b", "paper": _quoted({key: value})})

    with pytest.raises(ConfigError) as caught:
        load_recipe(str(path))

    assert told in str(caught.value)


def test_a_base_keeps_its_numbers_to_itself(tmp_path: Path) -> None:
    plan = {"epochs": 2, "batch_size": 8, "lr": 0.1}
    paper = _quoted({"classify/top1": 0.7})
    write_toml(tmp_path / "base.toml", {"arch": "mini_b", "about": "the base", "plan": plan, "paper": paper})
    path = write_toml(tmp_path / "r.toml", {"base": "base.toml", "arch": "mini_d"})

    recipe = load_recipe(str(path))

    assert (recipe.paper, recipe.about) == ({}, "")


def _quoted(table: dict[str, object]) -> dict[str, object]:
    """Returns the table with keys as TOML wants those with a slash."""
    return {f'"{key}"': value for key, value in table.items()}
