"""Files to records: bases, one-off changes, names."""

from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.toml import write_toml
from tests.recipes.files import PLAN, recipe_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_protocol, load_recipe, task_of, tasks_of, with_sets
from transferbench.tasks.catalog import PROTOCOLS, TaskName
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.detect.settings import CocoData, DetectProtocol


def test_a_base_gives_what_the_recipe_does_not_say(tmp_path: Path) -> None:
    recipe_file(tmp_path, "base.toml", tricks={"mixup": True, "cosine": True})
    path = write_toml(
        tmp_path / "r.toml", {"base": "base.toml", "plan": {"lr": 0.3}, "tricks": {"mixup": False}}
    )

    recipe = load_recipe(str(path))

    assert (recipe.name, recipe.arch) == ("r", "mini_b")
    assert recipe.plan is not None and (recipe.plan.lr, recipe.plan.epochs) == (0.3, 2)
    assert recipe.tricks.mixup is None and recipe.tricks.cosine is not None


def test_a_base_of_a_base_is_refused(tmp_path: Path) -> None:
    recipe_file(tmp_path, "a.toml")
    recipe_file(tmp_path, "b.toml", base="a.toml")
    path = recipe_file(tmp_path, "c.toml", base="b.toml")

    with pytest.raises(ConfigError) as caught:
        load_recipe(path)

    assert str(caught.value) == (
        f"{path}: base: expected a recipe without a base of its own, found 'b.toml', which has one; "
        "one level is all there is"
    )


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (3, "base: expected the name of a file, found 3"),
        ("no.toml", "expected a TOML file, found no such file; check the path"),
    ],
)
def test_a_base_that_is_no_file_is_refused(tmp_path: Path, base: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_recipe(recipe_file(tmp_path, base=base))


def test_a_plan_that_is_no_table_is_told_even_over_a_base(tmp_path: Path) -> None:
    recipe_file(tmp_path, "base.toml")

    with pytest.raises(ConfigError, match="found 3"):
        load_recipe(recipe_file(tmp_path, base="base.toml", plan=3))


def test_a_mistake_in_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('arch = "mini_b"\nplan =\n')

    with pytest.raises(ConfigError, match=r"r\.toml: expected TOML, found a mistake: .*line 2"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plan.lr=0.2", {"plan": {**PLAN, "lr": 0.2}}),
        ("plan.lr = 2e-1", {"plan": {**PLAN, "lr": 0.2}}),
        ("seeds=[1, 2]", {"plan": PLAN, "seeds": [1, 2]}),
        ("tricks.mixup=true", {"plan": PLAN, "tricks": {"mixup": True}}),
        ("arch=mini_d", {"plan": PLAN, "arch": "mini_d"}),
        ('arch="mini_d"', {"plan": PLAN, "arch": "mini_d"}),
        ("about=a=b", {"plan": PLAN, "about": "a=b"}),
    ],
)
def test_a_change_is_toml_or_else_text(text: str, expected: dict[str, Any]) -> None:
    assert with_sets({"plan": PLAN}, [text]) == expected


def test_changes_leave_the_content_as_it_was() -> None:
    content = {"plan": dict(PLAN)}

    with_sets(content, ["plan.lr=7", "plan.optimizer.name=adamw"])

    assert content == {"plan": PLAN}


@pytest.mark.parametrize("text", ["plan.lr", "=3"])
def test_a_change_without_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_sets({}, [text])

    assert str(caught.value) == f"--set {text!r}: expected key=value, as plan.lr=0.2; write it so"


def test_a_change_through_a_value_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        with_sets({"arch": "mini_b"}, ["arch.width=2"])

    assert str(caught.value) == (
        "--set 'arch.width=2': expected 'arch' to be a table, found 'mini_b'; set 'arch' whole"
    )


def test_a_fault_made_by_a_change_names_the_change(tmp_path: Path) -> None:
    path = recipe_file(tmp_path)

    with pytest.raises(ConfigError) as caught:
        load_recipe(path, sets=["plan.epoch=3"])

    assert str(caught.value) == (
        f"{path} --set plan.epoch=3: expected a recipe, found 1 fault:\n"
        "  plan.epoch: unknown key; the nearest is 'epochs'"
    )


def test_an_unknown_recipe_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("mini_bb")

    assert str(caught.value) == (
        "recipe 'mini_bb': expected a shipped one's name or the path of a .toml file, found neither; "
        "the nearest is 'mini_b'"
    )


def test_an_unknown_protocol_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        load_protocol("detect", "miniture@1")

    assert str(caught.value) == (
        "protocol 'miniture@1': expected one for the task 'detect', found none; the nearest is 'miniature@1'"
    )


@pytest.mark.parametrize("task", PROTOCOLS)
def test_a_protocol_of_ones_own_loads_under_the_name_of_its_file(tmp_path: Path, task: TaskName) -> None:
    shipped = PROTOCOLS[task]["miniature@1"]
    content = shipped.model_dump(mode="json", exclude={"name"})
    path = write_toml(tmp_path / "mine.toml", content)

    protocol = load_protocol(task, str(path))

    assert protocol.key == "mine@1"
    assert protocol == shipped.model_copy(update={"name": "mine"})


def test_a_change_to_a_protocol_is_made_and_checked() -> None:
    changed = load_protocol("segment", "miniature@1", sets=["plan.epochs=1"])

    assert changed.plan is not None and changed.plan.epochs == 1
    with pytest.raises(ConfigError, match="expected a segment protocol, found 1 fault:"):
        load_protocol("segment", "miniature@1", sets=["plan.epoch=1"])


def test_a_protocol_may_start_from_a_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "turned.toml"
    path.write_text('base = "imagenet@1"\nabout = "with hue"\n[augment]\ncolours = "paper"\n')

    protocol = load_protocol("classify", str(path))

    shipped = load_protocol("classify", "imagenet@1")
    assert protocol.key == "turned@1"
    assert isinstance(protocol, ClassifyProtocol) and isinstance(shipped, ClassifyProtocol)
    assert protocol.augment == shipped.augment.model_copy(update={"colours": "paper"})
    assert (protocol.data, protocol.source) == (shipped.data, shipped.source)


def test_sizes_that_grow_beyond_the_last_epoch_are_refused(tmp_path: Path) -> None:
    plan = {"epochs": 3, "batch_size": 4, "lr": 0.1}
    content = {"arch": "mini_b", "plan": plan, "tricks": {"progressive_size": {"epochs": 3.0}}}
    path = write_toml(tmp_path / "late.toml", content)

    with pytest.raises(ConfigError, match=r"progressive_size\.epochs: expected epochs before the end at 3"):
        load_recipe(str(path))


def test_a_table_of_another_kind_takes_the_place_of_the_base_s(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    one = 'annotations = "{0}/_annotations.coco.json", pictures = "{0}"'
    path.write_text(
        'base = "voc-small@1"\nabout = "my own"\n[data]\nlayout = "coco"\n'
        f"train = {{ {one.format('train')} }}\nscore = {{ {one.format('valid')} }}\n"
    )

    protocol = load_protocol("detect", str(path))

    assert isinstance(protocol, DetectProtocol) and isinstance(protocol.data, CocoData)
    assert (protocol.data.score.pictures, protocol.data.classes) == ("valid", "from data")
    shipped = load_protocol("detect", "voc-small@1")
    assert isinstance(shipped, DetectProtocol) and protocol.head == shipped.head


def test_a_file_that_changes_the_batch_brings_the_rate_that_it_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "voc07-c4@1"\nabout = "more at once"\n[plan]\nbatch_size = 16\n')

    plan = load_protocol("detect", str(path)).plan

    assert plan is not None and (plan.batch_size, plan.lr) == (16, 0.004)


def test_a_file_may_not_pass_for_a_shipped_protocol(tmp_path: Path) -> None:
    path = tmp_path / "voc07-c4.toml"
    path.write_text('base = "voc07-c4@1"\nabout = "another"\n')

    with pytest.raises(ConfigError, match="expected a name that no shipped protocol has, found 'voc07-c4'"):
        load_protocol("detect", str(path))


def test_the_task_of_a_file_is_that_of_its_base(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "voc07-c4@1"\n')

    assert (task_of(str(path)), task_of("ade20k-fcn8@1"), task_of("none@1")) == ("detect", "segment", None)


def test_a_layout_tells_which_of_two_tasks_a_file_is_of(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"

    path.write_text('base = "miniature@1"\n[data]\nlayout = "folder"\n')
    assert tasks_of(str(path)) == ["segment"]

    path.write_text('[data]\nlayout = "coco"\n')
    assert tasks_of(str(path)) == ["detect"]
    assert {"detect", "segment"} <= set(tasks_of("miniature@1"))
