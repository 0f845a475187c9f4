"""Runs the command line as `python -m transferbench`."""

from transferbench.cli.main import app

if __name__ == "__main__":
    app()
