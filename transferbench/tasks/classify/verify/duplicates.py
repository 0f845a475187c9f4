"""Pictures that are there twice or more, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

DIGEST_BYTES = 32


def groups_of(digests_N: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the places of each digest that is there twice or more, rising; places without one are left out.

    Args:
        digests_N: of dtype `S32`; zeros where there is none. Sorting them takes 8 bytes each more.
    """
    order = np.argsort(digests_N, kind="stable")
    order = order[np.searchsorted(digests_N, b"", side="right", sorter=order) :]
    in_order = digests_N[order]
    is_same = in_order[1:] == in_order[:-1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_same, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        yield np.sort(order[start : stop + 1])
