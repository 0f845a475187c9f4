"""The layouts in which labelled pictures come. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from transferbench.schema import Schema

Split = Literal["train", "score"]
Classes = Literal["from data", "imagenet"]
"""`from data`: those that the training split has, or that files which number them name; where nothing names
them, the numbers up to the highest. `imagenet`: the 1,000 synsets, which must all be there."""
SCORE_FOLDERS = ("val", "validation", "test")
"""What the folder of the scored pictures may be called, the first that is there."""


class AnyData(Schema):
    """Whichever of the layouts below the folder holds; more than one is an error."""

    layout: Literal["any"] = "any"
    folder: str = ""
    """Below the data root; empty if the root holds the data itself."""
    classes: Classes = "from data"


class FolderData(Schema):
    """A folder of folders: `train/<class>/*.jpg` and `val/<class>/*.jpg`.

    Where `AnyData` finds no `val`, it takes `validation` or `test`.
    """

    layout: Literal["imagefolder"] = "imagefolder"
    folder: str = ""
    """Below the data root; empty if the root holds the splits itself."""
    train: str = "train"
    score: str = "val"
    classes: Classes = "from data"


class ShardData(Schema):
    """Tar files of `KEY.jpg` and `KEY.cls` or `KEY.json`, as the hub's `timm/imagenet-1k-wds`.

    A shard's split is a word of its name or of its folder's: `train`; `val`, `validation` or `test`.
    """

    layout: Literal["webdataset"] = "webdataset"
    folder: str = ""
    """Below the data root; empty if the root holds the shards itself."""
    classes: Classes = "from data"
    buffer: PositiveInt = 8192
    """Pictures of the sequence of shards among which the next one is drawn; as timm's reader."""


class ParquetData(Schema):
    """Parquet files with the columns `image` (bytes, path) and `label`, as the hub's `imagenet-1k`.

    A file's split is a word of its name or of its folder's: `train`; `val`, `validation` or `test`.
    """

    layout: Literal["parquet"] = "parquet"
    folder: str = ""
    """Below the data root; empty if the root holds the files, or their folder `data/`, itself."""
    classes: Classes = "from data"
    buffer: PositiveInt = 512
    """Pictures of the sequence of row groups among which the next one is drawn; the groups are in memory."""


class PlacesData(Schema):
    """The lists of Places365 (`places365_train_standard.txt`, ...) beside its folders of pictures."""

    layout: Literal["places365"] = "places365"
    folder: str = ""
    """Below the data root; empty if the root holds the lists itself."""
    classes: Classes = "from data"


ClassifyData = Annotated[
    AnyData | FolderData | ShardData | ParquetData | PlacesData, Field(discriminator="layout")
]
