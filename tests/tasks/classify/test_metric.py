import numpy as np

from transferbench.tasks.classify.metric import accuracy_per_class, top_accuracy

RANKED = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]])
LABELS = np.array([0, 0, 1, 1])


def test_top_accuracy_counts_labels_among_the_first_guesses() -> None:
    assert top_accuracy(RANKED, LABELS, 1) == 0.25
    assert top_accuracy(RANKED, LABELS, 2) == 0.75
    assert top_accuracy(RANKED, LABELS, 5) == 1.0


def test_a_class_without_pictures_has_no_accuracy() -> None:
    assert accuracy_per_class(RANKED, LABELS, ("a", "b", "c")) == {"a": 0.5, "b": 0.0, "c": None}
