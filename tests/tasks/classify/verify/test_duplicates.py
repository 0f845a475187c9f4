import numpy as np

from transferbench.tasks.classify.verify.duplicates import groups_of


def groups(*digests: bytes) -> list[list[int]]:
    return [group.tolist() for group in groups_of(np.array(digests, "S32"))]


def test_places_of_a_digest_that_recurs_rise() -> None:
    assert groups(b"b", b"a", b"c", b"a", b"b", b"a") == [[1, 3, 5], [0, 4]]


def test_digests_that_differ_make_no_group() -> None:
    assert groups(b"a", b"b", b"c") == []
    assert groups() == []


def test_places_without_a_digest_are_left_out() -> None:
    assert groups(b"", b"a", b"", b"a") == [[1, 3]]
    assert groups(b"", b"") == []


def test_a_digest_that_ends_in_zeros_is_not_cut() -> None:
    assert groups(b"a\0\1", b"a", b"a\0\1") == [[0, 2]]
