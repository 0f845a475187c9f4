"""Against the standard library, in each of the formats that it writes."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.fabricate.shards import write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.sources.tar_members import members

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
LONG = "folder/" * 12 + "n" * 60 + ".jpg"
CONTENT = [("a.jpg", b"one"), (LONG, b"x" * 1500), ("empty.cls", b""), ("d\u00e4.jpg", b"y" * 512)]


def walked(path: Path) -> list[tuple[str, int, int]]:
    with path.open("rb") as file:
        return [(member.name, member.offset, member.size) for member in members(file, path)]


@pytest.mark.parametrize("format", FORMATS)
def test_names_places_and_sizes_are_those_of_the_standard_library(tmp_path: Path, format: int) -> None:
    path = write_tar(tmp_path / "x.tar", CONTENT, format=format)

    with tarfile.open(path) as file:
        expected = [(member.name, member.offset_data, member.size) for member in file]

    assert walked(path) == expected
    assert [name for name, _, _ in expected] == [name for name, _ in CONTENT]


def test_a_name_too_long_for_one_header_is_whole(tmp_path: Path) -> None:
    longer = "very/" * 60 + "long.jpg"

    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        path = write_tar(tmp_path / f"{format}.tar", [(longer, b"x"), ("b.jpg", b"y")], format=format)
        assert [name for name, _, _ in walked(path)] == [longer, "b.jpg"]


def test_folders_and_links_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as file:
        for name, kind in (("d", tarfile.DIRTYPE), ("s", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE)):
            other = tarfile.TarInfo(name)
            other.type, other.linkname = kind, "elsewhere/" * 20
            file.addfile(other)
        plain = tarfile.TarInfo("a.jpg")
        plain.size = 3
        file.addfile(plain, BytesIO(b"abc"))

    assert [name for name, _, _ in walked(tmp_path / "x.tar")] == ["a.jpg"]


def test_a_size_beyond_eight_gigabytes_is_understood(tmp_path: Path) -> None:
    member = tarfile.TarInfo("big.jpg")
    member.size = 2**34
    (tmp_path / "x.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + b"x" * 512)

    with pytest.raises(DataError, match=r"1,024 bytes, of which 'big\.jpg' needs 17,179,869,696"):
        walked(tmp_path / "x.tar")


def cut(count: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:count]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (cut(0), "0 bytes without the empty block that ends one"),
        (cut(1024), "1,024 bytes without the empty block that ends one"),
        (cut(1030), "1,030 bytes without the empty block that ends one"),
        (cut(1700), "1,700 bytes, of which 'b.jpg' needs 2,036"),
    ],
)
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, change: Callable[[bytes], bytes], found: str) -> None:
    path = write_tar(
        tmp_path / "x.tar", [("a.jpg", b"one"), ("b.jpg", b"x" * 500)], format=tarfile.USTAR_FORMAT
    )
    path.write_bytes(change(path.read_bytes()))

    with pytest.raises(DataError) as caught:
        walked(path)

    assert str(caught.value) == (
        f"{path}: expected a whole tar file, found {found}; it is cut off, copy it again"
    )


def test_a_compressed_file_is_told_with_how_to_unpack_it(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w:gz") as file:
        file.addfile(tarfile.TarInfo("a" * 90), None)
    (tmp_path / "x.tar").write_bytes((tmp_path / "x.tar").read_bytes() + bytes(512))

    with pytest.raises(DataError, match="found a compressed one; unpack it with gunzip"):
        walked(tmp_path / "x.tar")


def test_damage_between_members_is_told_with_its_place(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [("a.jpg", b"1"), ("b.jpg", b"2")], format=tarfile.USTAR_FORMAT)
    content = bytearray(path.read_bytes())
    content[1024 + 3] ^= 1
    path.write_bytes(content)

    with pytest.raises(DataError, match="found something else at byte 1,024; copy it again"):
        walked(path)


@pytest.mark.parametrize("damage", [b"xx mtime=1\n", b"0 mtime=1\n", b"12 mtime"])
def test_damage_in_an_extended_header_is_told(tmp_path: Path, damage: bytes) -> None:
    path = write_tar(tmp_path / "x.tar", [("a.jpg", b"1")])
    content = bytearray(path.read_bytes())
    content[512 : 512 + len(damage)] = damage
    path.write_bytes(content)

    with pytest.raises(DataError, match="expected an extended tar header"):
        walked(path)
