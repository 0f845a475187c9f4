"""Both splits of a data folder, in whatever layout the protocol names."""

from __future__ import annotations

from pathlib import Path

from transferbench.tasks.segment.settings import Ade20kData, CityscapesData, MaskData, VocMaskData
from transferbench.tasks.segment.sources.ade20k import pair_ade20k
from transferbench.tasks.segment.sources.cityscapes import pair_cityscapes
from transferbench.tasks.segment.sources.folder import pair_folders
from transferbench.tasks.segment.sources.masks import SplitPairs
from transferbench.tasks.segment.sources.paired import Paired
from transferbench.tasks.segment.sources.remarks import remarks
from transferbench.tasks.segment.sources.survey import refuse_faults, survey
from transferbench.tasks.segment.sources.voc import pair_voc_masks


def read_splits(root: Path, data: MaskData, limit: int | None, *, is_scored_only: bool = False) -> SplitPairs:
    """Pairs pictures with masks and checks every mask that will be used; no JPEG is decoded.

    Args:
        root: data folder.
        data: which files of it.
        limit: pictures of each split that are used, the first ones; None for all. Classes that come from the
            data come from all of them.
        is_scored_only: whether the training split is left out; it is still read where the classes come from
            it.

    Raises:
        DataError: the data are not there, not in the layout, or a mask is faulty.
    """
    paired = _paired(root, data, is_scored_only)
    trained = (paired.surveyed or survey(paired.train[:limit], paired.code.modes)).first(limit)
    scored = survey(paired.score[:limit], paired.code.modes)
    refuse_faults([trained, scored], paired.code)
    used = trained.first(0) if is_scored_only else trained
    return SplitPairs(
        folder=paired.folder,
        train=used.pairs,
        score=scored.pairs,
        classes=paired.classes,
        code=paired.code,
        marks=paired.marks,
        remarks=(*paired.remarks, *remarks(used, scored, paired.classes, paired.code)),
        score_pixels_PV=scored.pixels_PV,
        train_sizes=used.sizes,
    )


def _paired(root: Path, data: MaskData, is_scored_only: bool) -> Paired:
    if isinstance(data, Ade20kData):
        return pair_ade20k(root, data, is_scored_only=is_scored_only)
    if isinstance(data, VocMaskData):
        return pair_voc_masks(root, data, is_scored_only=is_scored_only)
    if isinstance(data, CityscapesData):
        return pair_cityscapes(root, data, is_scored_only=is_scored_only)
    return pair_folders(root, data, is_scored_only=is_scored_only)
