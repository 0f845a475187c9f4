"""Indexes of shards go to a folder of each test's own."""

import pytest

from transferbench.backbones.weights.first_use import CACHE_VARIABLE


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
