import json
from pathlib import Path

import pytest

from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import Split
from transferbench.tasks.classify.sources.split_files import files_of_split, large_files, require_all


def folder(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def found(root: Path, split: Split) -> list[str]:
    return [str(path.relative_to(root)) for path in files_of_split(root, ".tar", split)]


@pytest.mark.parametrize(
    ("train", "score"),
    [
        ("imagenet1k-train-0000.tar", "imagenet1k-validation-00.tar"),
        ("train0000.tar", "val0000.tar"),
        ("train/00000.tar", "test/00000.tar"),
        ("data/Training_1.tar", "data/valid_1.tar"),
        ("training-set/train-0.tar", "training-set/val-0.tar"),
    ],
)
def test_a_word_of_name_or_folder_tells_the_split(tmp_path: Path, train: str, score: str) -> None:
    folder(tmp_path, train, score)

    assert (found(tmp_path, "train"), found(tmp_path, "score")) == ([train], [score])


def test_a_test_split_is_left_where_there_is_one_for_validation(tmp_path: Path) -> None:
    folder(tmp_path, "x-test-0.tar", "x-val-0.tar", "x-train-0.tar")

    assert found(tmp_path, "score") == ["x-val-0.tar"]


def test_parts_of_words_tell_nothing(tmp_path: Path) -> None:
    folder(tmp_path, "carnival-train-1.tar", "strain-val-0.tar", "carnival-train-0.tar")

    assert found(tmp_path, "train") == ["carnival-train-0.tar", "carnival-train-1.tar"]
    assert found(tmp_path, "score") == ["strain-val-0.tar"]


def test_hidden_files_and_those_far_below_are_left(tmp_path: Path) -> None:
    folder(tmp_path, "._train.tar", "a/b/train.tar", "train.tar")

    assert large_files(tmp_path, ".tar") == [tmp_path / "train.tar"]


def test_files_of_no_split_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        found(folder(tmp_path, "0001.tar", "0002.tar"), "score")

    assert str(caught.value) == (
        f"{tmp_path}: expected .tar files with 'val' or 'test' in their names or folders, found 2 others, "
        "the first is '0001.tar'; put them here or rename them, or give --data"
    )


def test_parts_that_the_names_count_are_missed(tmp_path: Path) -> None:
    names = [f"data/train-{part:05d}-of-00004.parquet" for part in (0, 1, 3)]
    files = files_of_split(folder(tmp_path, *names), ".parquet", "train")

    with pytest.raises(DataError) as caught:
        require_all(tmp_path, files, "train")

    assert str(caught.value) == (
        f"{tmp_path}: expected 4 files of the split 'train', found that 1 are not there, "
        "the first is 'train-00002-of-00004.parquet'; get the rest"
    )


def test_gaps_between_numbers_are_missed(tmp_path: Path) -> None:
    names = [f"imagenet1k-train-{number:04d}.tar" for number in (0, 1, 3)]
    files = files_of_split(folder(tmp_path, *names), ".tar", "train")
    listed = {"train": {"filenames": ["imagenet1k-train-0002.tar"]}}
    (tmp_path / "_info.json").write_text(json.dumps({"splits": listed}))

    with pytest.raises(DataError, match=r"expected 4 files .* 1 are not there, the first is '\S+-0002\.tar'"):
        require_all(tmp_path, files, "train")


@pytest.mark.parametrize("names", [("train-0.tar", "a-train-2.tar"), ("train-1.tar", "train-x.tar")])
def test_names_that_differ_by_more_than_a_number_have_no_gaps(tmp_path: Path, names: tuple[str, str]) -> None:
    files = files_of_split(folder(tmp_path, *names), ".tar", "train")

    require_all(tmp_path, files, "train")


def test_shards_that_the_hub_lists_are_missed(tmp_path: Path) -> None:
    files = files_of_split(folder(tmp_path, "x-validation-00.tar"), ".tar", "score")
    require_all(tmp_path, files, "score")
    listed = {"validation": {"filenames": ["x-validation-00.tar", "x-validation-01.tar"]}}
    (tmp_path / "_info.json").write_text(json.dumps({"splits": listed}))

    with pytest.raises(DataError, match=r"1 are not there, the first is 'x-validation-01\.tar'"):
        require_all(tmp_path, files, "score")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"splits": []}', '{"splits": {"train": 3}}', '{"splits": {}}']
)
def test_other_contents_of_the_hubs_list_say_nothing(tmp_path: Path, content: str) -> None:
    files = files_of_split(folder(tmp_path, "train.tar"), ".tar", "train")
    (tmp_path / "_info.json").write_text(content)

    require_all(tmp_path, files, "train")
