"""One thread a process: the tests run side by side, and threads that wait for each other cost most."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
