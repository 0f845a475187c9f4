from pathlib import Path

import pytest

from transferbench.errors import ConfigError
from transferbench.recipes.load import load_protocol
from transferbench.tasks.classify.layouts import AnyData, FolderData, ParquetData, PlacesData, ShardData
from transferbench.tasks.classify.protocols import PROTOCOLS, ClassifyProtocol


def protocol(tmp_path: Path, data: str) -> ClassifyProtocol:
    path = tmp_path / "own.toml"
    path.write_text(f'about = "x"\nsource = "y"\ninput_size = 64\n{data}\n')
    loaded = load_protocol("classify", str(path))
    assert isinstance(loaded, ClassifyProtocol)
    return loaded


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", AnyData()),
        ('[data]\nfolder = "x"', AnyData(folder="x")),
        ('[data]\nlayout = "imagefolder"\nscore = "test"', FolderData(score="test")),
        ('[data]\nlayout = "webdataset"\nbuffer = 9', ShardData(buffer=9)),
        ('[data]\nlayout = "parquet"\nclasses = "imagenet"', ParquetData(classes="imagenet")),
        ('[data]\nlayout = "places365"', PlacesData()),
    ],
)
def test_a_protocol_may_name_the_layout_or_leave_it_open(
    tmp_path: Path, data: str, expected: AnyData
) -> None:
    assert protocol(tmp_path, data).data == expected


def test_a_key_that_a_layout_has_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.webdataset\.bufer: unknown key; the nearest is 'buffer'"):
        protocol(tmp_path, '[data]\nlayout = "webdataset"\nbufer = 9')


def test_an_unknown_layout_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tag 'tfrecord'.*'any', 'imagefolder', 'webdataset', 'parquet'"):
        protocol(tmp_path, '[data]\nlayout = "tfrecord"')


def test_a_shipped_protocol_takes_any_layout() -> None:
    assert {type(each.data) for each in PROTOCOLS.values()} == {AnyData}


def test_imagenet_alone_wants_all_of_imagenet() -> None:
    wanting = {each.key for each in PROTOCOLS.values() if each.data.classes == "imagenet"}

    assert {"imagenet@1"} <= wanting
    assert not wanting & {"pictures@1", "places365@1", "miniature@1", "small-pictures@1"}
