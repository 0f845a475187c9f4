import numpy as np

from transferbench.tasks.classify.sources.names import Names

TEXTS = ["a.jpg", "", "d\u00e4/b.jpg", "not utf-8: \udcff"]


def test_names_come_back_as_they_were() -> None:
    names = Names.of(TEXTS)

    assert list(names) == TEXTS
    assert [names[index] for index in range(4)] == TEXTS


def test_names_are_taken_and_joined_in_order() -> None:
    names = Names.of(TEXTS)

    assert list(names.take(np.array([0, 2]))) == ["a.jpg", "d\u00e4/b.jpg"]
    assert list(Names.joined([names, Names.of([]), Names.of(["z"])])) == [*TEXTS, "z"]
    assert len(Names.joined([])) == 0
