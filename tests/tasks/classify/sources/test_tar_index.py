"""Faults of a shard are told with the shard and the member."""

from pathlib import Path

import pytest

from tests.fabricate.encoded import jpeg
from tests.fabricate.shards import Member, sample, write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.tar_index import index_tar

PICTURE = jpeg(0)


def found(path: Path, *members: Member) -> tuple[list[str], list[int]]:
    index = index_tar(write_tar(path / "x.tar", members))
    return list(Names(index["block"], index["ends"])), index["labels_N"].tolist()


def test_places_and_sizes_are_those_of_the_pictures(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [*sample("n01440764_7", 0), *sample("other", 2)])

    index = index_tar(path)

    pictures = [
        path.read_bytes()[o : o + s] for o, s in zip(index["offsets_N"], index["sizes_N"], strict=True)
    ]
    assert pictures == [jpeg(0), jpeg(2)]
    assert index["labels_N"].tolist() == [0, 2]
    assert index["synsets_N"].tolist() == [1440764, -1]


def test_a_label_may_stand_in_either_member_before_or_after_the_picture(tmp_path: Path) -> None:
    members = [
        ("a.jpg", PICTURE),
        ("b.json", b'{"label": 5}'),
        ("a.cls", b"3\n"),
        ("b.PNG", PICTURE),
        ("c.json", b'{"width": 9}'),
        ("c.cls", b"4"),
        ("c.jpeg", PICTURE),
        ("readme.txt", b"!"),
        ("a.seg.png", PICTURE),
        ("._d.jpg", b"a copy's leftover"),
        ("d.meta.json", b""),
    ]

    assert found(tmp_path, *members) == (["a.jpg", "b.PNG", "c.jpeg"], [3, 5, 4])


def test_samples_in_folders_are_told_apart_by_them(tmp_path: Path) -> None:
    members = [("a/1.jpg", PICTURE), ("a/1.cls", b"0"), ("b/1.jpg", PICTURE), ("b/1.cls", b"1")]

    assert found(tmp_path, *members) == (["a/1.jpg", "b/1.jpg"], [0, 1])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            [("a.jpg", PICTURE)],
            "a.jpg: expected one label beside the picture, as .cls or .json, found none; pack the data again",
        ),
        (
            [("a.cls", b"1"), ("a.json", b'{"label": 2}'), ("a.jpg", PICTURE)],
            "a.jpg: expected one label beside the picture, as .cls or .json, "
            "found 1 in 'a.cls', 2 in 'a.json'; pack the data again",
        ),
        ([("a.cls", b"1")], "a.cls: expected a picture beside the label, found none; pack the data again"),
        (
            [("a.jpg", PICTURE), ("a.cls", b"1"), ("a.jpeg", PICTURE)],
            "a.jpeg: expected one picture of each key, found another, 'a.jpg'; pack the data again",
        ),
        (
            [("a.jpg", PICTURE), ("a.cls", b"cat")],
            "a.cls: expected a label, found b'cat'; pack the data again",
        ),
        (
            [("a.jpg", PICTURE), ("a.json", b'{"label": 1')],
            "a.json: expected a label, found b'{\"label\": 1'; pack the data again",
        ),
        (
            [("a.jpg", PICTURE), ("a.cls", b"99999999999")],
            "a.cls: expected a label, found b'99999999999'; pack the data again",
        ),
        (
            [("a.jpg", PICTURE), ("a.cls", b"1"), ("b.5.jpg", PICTURE), ("b.5.cls", b"1")],
            "b.5.cls: expected a key that ends at the first dot, found none with a picture or label; "
            "take the dots out of the keys",
        ),
    ],
)
def test_a_sample_at_fault_is_told(tmp_path: Path, members: list[Member], message: str) -> None:
    with pytest.raises(DataError) as caught:
        found(tmp_path, *members)

    assert str(caught.value) == f"{tmp_path / 'x.tar'}:{message}"


def test_a_shard_without_samples_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.tar: expected pictures \(KEY\.jpg\) and labels"):
        found(tmp_path, ("readme.txt", b"!"))


def test_a_shard_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="expected a tar file, found No such file or directory; copy it again"
    ):
        index_tar(tmp_path / "none.tar")
