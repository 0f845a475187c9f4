"""What a reader of the scores should know of the masks: all that is out of the ordinary, with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from transferbench.tasks.segment.sources.masks import IGNORED, MaskCode, told_values
from transferbench.tasks.segment.sources.survey import Survey

_NAMED = 8
_MOST_IGNORED = 0.5
_WHITE = 255


def remarks(train: Survey, score: Survey, classes: Sequence[str], code: MaskCode) -> tuple[str, ...]:
    """Returns one line for each thing that is out of the ordinary, the same for the same data.

    Args:
        train: pictures that are trained on; none where nothing is trained.
        score: pictures that are scored.
        classes: names in the order of labels.
        code: what the values of the masks mean.
    """
    return (
        *(f"train: {line}" for line in _of_split(train, classes, code)),
        *(f"score: {line}" for line in _of_split(score, classes, code)),
        *_in_both(train, score),
    )


def listed(names: Sequence[str], of: int) -> str:
    """Returns how many classes of all there are and the names of the first."""
    more = [*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])]
    return f"{len(names)} of {of} classes ({', '.join(more)})"


def _of_split(found: Survey, classes: Sequence[str], code: MaskCode) -> Iterator[str]:
    if not found.pairs:
        return
    pixels_V = found.pixels_PV.sum(axis=0, dtype=np.int64)
    is_ignored_V = (code.labels_V == IGNORED) & code.is_legal_V
    share = pixels_V[is_ignored_V].sum() / pixels_V.sum()
    if is_ignored_V.any() and not share:
        yield f"no pixel is ignored: {told_values(np.flatnonzero(is_ignored_V).tolist())} never occurs"
    if share > _MOST_IGNORED:
        held = told_values(np.flatnonzero(is_ignored_V & (pixels_V > 0)).tolist())
        yield f"{share:.1%} of the pixels are ignored, more than half: those of value {held}"
    if set(np.flatnonzero(pixels_V).tolist()) == {0, _WHITE} and is_ignored_V[_WHITE]:
        yield (
            "the masks hold 0 and 255 alone, as black-and-white pictures do, but 255 is ignored here: write "
            "1 for it if it is a class"
        )
    # The value of each class; a code has one for each.
    value_of = np.argsort(code.labels_V, kind="stable")[: len(classes)]
    lacking = [name for name, value in zip(classes, value_of.tolist(), strict=True) if not pixels_V[value]]
    if lacking:
        yield f"{listed(lacking, len(classes))} without a pixel"
    empty = np.flatnonzero(~found.pixels_PV[:, code.labels_V != IGNORED].any(axis=1)).tolist()
    if empty:
        pictures = "1 picture" if len(empty) == 1 else f"{len(empty):,} pictures"
        yield f"{pictures} without a labelled pixel: first {found.pairs[empty[0]].name}"


def _in_both(train: Survey, score: Survey) -> Iterator[str]:
    trained = {pair.picture for pair in train.pairs}
    both = [pair.name for pair in score.pairs if pair.picture in trained]
    if both:
        yield (
            f"{len(both):,} of {len(score.pairs):,} scored pictures are trained on too, so that the scores "
            f"are too good: first {both[0]}"
        )
