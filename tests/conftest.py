"""One thread a process: the tests run side by side, and threads that wait for each other cost most."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keeps what the tests cache out of the folder of whoever runs them."""
    os.environ["TRANSFERBENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))
