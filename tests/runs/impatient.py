"""The command line with a checkpoint after every step, in every process of a pool: each imports this file."""

from transferbench.cli.main import app
from transferbench.engine import log

log._CHECKPOINT_EVERY_SECONDS = 0.0

if __name__ == "__main__":
    app()
