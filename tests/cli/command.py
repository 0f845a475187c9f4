"""Runs commands in this process and says what they printed."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from transferbench.cli.main import app


def told(*words: str | Path) -> Result:
    """Returns exit status, stdout and stderr of `transferbench WORDS`; a bug keeps its traceback."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def error(*words: str | Path) -> str:
    """Returns what a command that fails says on stderr; it prints nothing on stdout and exits with 1."""
    result = told(*words)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    return result.stderr
