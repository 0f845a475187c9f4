"""What a reader of the scores should know of the pictures: all that was done or assumed, with numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from transferbench.tasks.detect.sources.picture import Annotation, Picture


def remarks(train: Sequence[Picture], score: Sequence[Picture], classes: Sequence[str]) -> tuple[str, ...]:
    """Returns one line for each thing that is out of the ordinary, the same for the same data.

    Args:
        train: pictures that are trained on; none where nothing is trained.
        score: pictures that are scored.
        classes: names in the order of labels.
    """
    return (
        *(f"train: {line}" for line in _of_split(train, classes)),
        *(f"score: {line}" for line in _of_split(score, classes)),
        *_in_both(train, score),
    )


def _of_split(pictures: Sequence[Picture], classes: Sequence[str]) -> Iterator[str]:
    yield from _counted(
        pictures, lambda truth: truth.clipped, ("box that reaches out", "boxes that reach out"), "clipped"
    )
    yield from _counted(
        pictures, lambda truth: truth.dropped, ("box without area", "boxes without area"), "left out"
    )
    yield from _counted(
        pictures,
        lambda truth: int(truth.doubt == "size"),
        ("annotation with another size than its picture", "annotations with another size than their picture"),
        "overruled: the picture's own size counts",
    )
    yield from _counted(
        pictures,
        lambda truth: int(truth.doubt == "turn"),
        ("picture that EXIF turns", "pictures that EXIF turns"),
        "boxes taken as drawn after that, which the annotation leaves open",
    )
    empty = sum(not picture.truth.names for picture in pictures)
    if empty:
        yield f"{_number(empty, ('picture', 'pictures'))} without objects: negatives"
    lacking = _lacking(pictures, classes)
    if pictures and lacking:
        yield f"classes without objects that count: {', '.join(lacking)}"


def _counted(
    pictures: Sequence[Picture], count: Callable[[Annotation], int], what: tuple[str, str], done: str
) -> Iterator[str]:
    """Yields how many there are of something, in how many pictures, and what was done; nothing for none."""
    having = [(number, picture) for picture in pictures if (number := count(picture.truth))]
    if having:
        total, first = sum(number for number, _ in having), having[0][1]
        place = f" in {_number(len(having), ('picture', 'pictures'))}" if total > len(having) else ""
        yield f"{_number(total, what)}{place}, first {first.name}: {done}"


def _lacking(pictures: Sequence[Picture], classes: Sequence[str]) -> list[str]:
    found = {
        name
        for picture in pictures
        for name, is_left_out in zip(
            picture.truth.names,
            (picture.truth.is_difficult_R | picture.truth.is_crowd_R).tolist(),
            strict=True,
        )
        if not is_left_out
    }
    return [name for name in classes if name not in found]


def _in_both(train: Sequence[Picture], score: Sequence[Picture]) -> Iterator[str]:
    trained = {picture.path for picture in train}
    both = [picture.name for picture in score if picture.path in trained]
    if both:
        pictures = _number(len(both), ("picture", "pictures"))
        yield f"{pictures} trained on and scored, so that the scores are too good: first {both[0]}"


def _number(count: int, what: tuple[str, str]) -> str:
    return f"{count:,} {what[0] if count == 1 else what[1]}"
