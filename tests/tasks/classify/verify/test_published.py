import numpy as np

from transferbench.tasks.classify.counts import PUBLISHED, Published
from transferbench.tasks.classify.verify.published import differences

FIVE = Published(5, classes=2, least=2, most=3)
CLASSES = ("n01", "n02")


def test_a_split_as_published_has_no_difference() -> None:
    assert list(differences(np.array([0, 0, 1, 1, 1]), CLASSES, FIVE)) == []


def test_a_subset_is_called_one_and_its_small_class_named() -> None:
    labels_N = np.array([0, 1, 1])

    assert list(differences(labels_N, CLASSES, FIVE)) == [
        ("pictures", "3, published are 5: a subset"),
        ("n01", "1 pictures, published are 2 to 3"),
    ]


def test_a_class_without_pictures_lacks_and_is_not_told_twice() -> None:
    labels_N = np.array([1, 1])

    assert list(differences(labels_N, CLASSES, FIVE)) == [
        ("pictures", "2, published are 5: a subset"),
        ("classes", "1 that have pictures, published are 2"),
    ]


def test_more_pictures_than_published_are_no_subset() -> None:
    labels_N = np.repeat([0, 1], [3, 1300])

    assert list(differences(labels_N, CLASSES, FIVE)) == [
        ("pictures", "1,303, published are 5: more than these data"),
        ("n02", "1,300 pictures, published are 2 to 3"),
    ]


def test_the_published_numbers_fit_together() -> None:
    for splits in PUBLISHED.values():
        for each in splits.values():
            assert each.classes * each.least <= each.pictures <= each.classes * each.most
