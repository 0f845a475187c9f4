"""Scores of a run on pictures drawn anew: what the choice of pictures leaves open. Reading imports no torch.

Dimension key: N pictures, R resamples, S scores.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.errors import RunError
from transferbench.files import read_arrays, whole_file

if TYPE_CHECKING:
    import numpy as np

    from transferbench.tasks.base import Evidence

FILE_NAME = "replicates.npz"
RESAMPLES = 1000
_AT_ONCE = 100
"""Resamples; their weights of 50,000 pictures take 40 MB."""


@dataclass(frozen=True)
class Replicates:
    """The main scores of a run on each resample of its pictures."""

    scores: Mapping[str, np.ndarray]
    """By name, (R,), fractions; nan where a resample has nothing to score. Their mean is the run's own
    score: pictures that are drawn twice lift average precision, by more than a standard error even, and
    that lift is taken away. So a single one may lie a little outside of [0, 1]."""
    pictures: tuple[str, ...]
    """Names in the order of the split."""
    of_picture_N: np.ndarray
    """How well each picture went, in [0, 1]: whether the first guess is right; how well detections and
    objects agree; pixel accuracy. nan where there was nothing to do well."""
    pictures_sha256: str
    """Of their names."""
    draws_sha256: str
    """Of which pictures each resample holds."""

    def is_paired_with(self, other: Replicates) -> bool:
        """Returns whether the same place holds the same pictures in both."""
        return (self.pictures_sha256, self.draws_sha256) == (other.pictures_sha256, other.draws_sha256)


def write_replicates(folder: Path, evidence: Evidence) -> None:
    """Writes the scores of 1,000 resamples, and of each picture, into a run's folder.

    A resample draws as many pictures as there are, with replacement. Which ones depends on their names
    and its number alone, so that all runs on one split meet the same pictures.

    Source:
        Efron 1979; Efron & Tibshirani 1993, "An introduction to the bootstrap", chapter 6.
    """
    import numpy as np

    count = len(evidence.pictures)
    names = "\n".join(evidence.pictures).encode(errors="surrogateescape")
    digest, parts = sha256(), []
    for weights_RN in drawn(sha256(names).digest(), count):
        digest.update(weights_RN.tobytes())
        parts.append(evidence.scores(np.ascontiguousarray(weights_RN.T, np.float64)))
    own = evidence.scores(np.ones((count, 1)))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        names=np.array(list(own)),
        scores=np.array([values[0] for values in own.values()]),
        replicates=np.array([np.concatenate([part[name] for part in parts]) for name in own], np.float32),
        pictures=np.array(evidence.pictures),
        of_picture=evidence.of_picture_N.astype(np.float32),
        sha256=np.array([sha256(names).hexdigest(), digest.hexdigest()]),
    )
    with whole_file(folder / FILE_NAME) as file:
        file.write(buffer.getvalue())


def replicates_of(folder: Path) -> Replicates | None:
    """Returns what `write_replicates` left in a run's folder; None where nothing is, as of an older version.

    Raises:
        RunError: the file is broken.
    """
    import numpy as np

    path = folder / FILE_NAME
    try:
        arrays = read_arrays(path)
        pictures_sha256, draws_sha256 = arrays["sha256"].tolist()
        replicates_SR = arrays["replicates"].astype(np.float64)
        lifts_S = np.nanmean(replicates_SR, axis=1) - arrays["scores"]
        return Replicates(
            scores=dict(zip(arrays["names"].tolist(), replicates_SR - lifts_S[:, None], strict=True)),
            pictures=tuple(arrays["pictures"].tolist()),
            of_picture_N=arrays["of_picture"],
            pictures_sha256=pictures_sha256,
            draws_sha256=draws_sha256,
        )
    except FileNotFoundError:
        return None
    except (OSError, KeyError, ValueError) as error:
        raise RunError(
            f"{path}: expected the resampled scores of a run, found a file that cannot be read ({error}); "
            "remove it, and they are left out"
        ) from error


def drawn(seed: bytes, pictures: int) -> Iterator[np.ndarray]:
    """Yields how often each picture is drawn, uint8 (R, N), a hundred resamples at a time.

    Args:
        seed: of all draws, 16 bytes or more.
        pictures: number of pictures; as many are drawn for each resample.
    """
    import numpy as np

    entropy = int.from_bytes(seed[:16])
    for start in range(0, RESAMPLES, _AT_ONCE):
        picked = (
            np.random.default_rng([entropy, number]).integers(pictures, size=pictures)
            for number in range(start, start + _AT_ONCE)
        )
        yield np.array([np.bincount(each_N, minlength=pictures) for each_N in picked], np.uint8)
