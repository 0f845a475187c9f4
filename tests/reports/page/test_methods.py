from dataclasses import replace

from tests.fabricate.records import demo, record, top1
from tests.reports.page.stories import story
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.page.methods import Origin, origins, paragraphs
from transferbench.reports.page.story import Story
from transferbench.reports.rows import Interval


def test_a_transfer_is_told_with_its_data_plan_and_seeds() -> None:
    detection = paragraphs(story())[1]

    assert detection == (
        "Detection was measured by miniature@1 on 20 pictures, after training on 40 of 30 classes (data "
        "fingerprint aaaaaaaaaaaa). Each backbone was fine-tuned whole for 3 epochs in batches of 4 by SGD "
        "at a peak rate of 0.01 (weight decay 0.0005) on a cosine schedule after 1 epoch of warmup in fp32. "
        "Seeds: 0, 1 and 2."
    )


def test_plans_that_differ_are_not_told_as_one() -> None:
    told = story()
    key = next(iter(told.records))
    other = told.records[key].model_copy(update={"resolved": {"plan": {"epochs": 9}}})

    words = paragraphs(replace(told, records={**told.records, key: other}))[0]

    assert "by its recipe's own plan" in words and "3 epochs" not in words


def test_software_is_told_as_the_records_have_it() -> None:
    assert paragraphs(story())[-1] == ("Software: transferbench 0.1.0, torch 2.11.0, python 3.11.7; on cpu.")


def test_records_that_say_little_still_make_a_paragraph() -> None:
    runs = demo()
    comparison = compare(runs, suite="demo", baseline="B")

    words = paragraphs(Story(comparison, {run.identity: run for run in runs}))

    assert "as the protocol says" in words[1]
    assert paragraphs(Story(comparison))[0].startswith("For one seed")


def test_every_backbone_has_its_origin_and_what_was_loaded() -> None:
    first = origins(story())[0]

    assert first == Origin(
        "plain",
        "pretrained here",
        "mini_d",
        ("0" * 12, "1" * 12, "2" * 12),
        "100 % of the backbone, 1 unexpected",
    )


def test_a_random_backbone_and_published_weights_are_told_apart() -> None:
    told = story()
    kept = {key: run for key, run in told.records.items() if run.recipe in ("plain", "warmup")}
    for key, run in kept.items():
        if run.recipe == "plain":
            kept[key] = run.model_copy(update={"weights": {"was_random": True, "arch": "mini_d"}})
        else:
            kept[key] = run.model_copy(update={"resolved": {"recipe": {"weights": "timm:resnet50"}}})

    found = origins(replace(told, records=kept))

    assert [origin.source for origin in found] == ["random: not pretrained", "timm:resnet50"]
    assert found[0].loaded == "nothing to load"


def test_resampled_pictures_are_part_of_the_method() -> None:
    told = story()
    table = told.comparison.tables[0]
    cells = {name: replace(c, over_pictures=Interval(0.1, 0.2)) for name, c in table.rows[0].cells.items()}
    changed = replace(table, rows=(replace(table.rows[0], cells=cells), *table.rows[1:]))
    resampled = replace(told, comparison=replace(told.comparison, tables=(changed,)))

    assert " bootstrap of " in paragraphs(resampled)[-2]
    assert " bootstrap of " not in paragraphs(told)[-2]


def test_transfers_of_one_seed_are_told_from_seeds() -> None:
    runs = [
        record("B", "detect", seed, {"map_area": 0.5}, pretraining_seed=seed % 1000)
        for seed in (0, 1, 1000, 1001)
    ]

    words = paragraphs(Story(compare(runs, suite="s", baseline="B"), {run.identity: run for run in runs}))[0]

    assert words.endswith(
        "Seeds: 0 and 1, each fine-tuned twice (the second transfer of seed 0 is called seed1000)."
    )


def test_of_one_seed_no_method_of_intervals_is_told() -> None:
    comparison = compare(top1("B", 0.5) + top1("D", 0.6), suite="s", baseline="B")

    (words,) = paragraphs(Story(comparison))

    assert "Student" not in words and "No interval over seeds is given" in words
    assert "Student" in paragraphs(Story(story().comparison))[0]


def test_what_a_data_set_says_of_a_part_is_a_sentence() -> None:
    runs = [record("B", "detect", 0, {"map_area": 0.5}, remarks=("train: 2 pictures without objects", "odd"))]

    words = paragraphs(Story(compare(runs, suite="s", baseline="B"), {run.identity: run for run in runs}))[0]

    assert words.endswith(
        "Of the pictures that are trained on: 2 pictures without objects. Of the data: odd."
    )
