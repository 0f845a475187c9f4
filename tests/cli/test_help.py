"""Every command explains itself."""

import subprocess
import sys

import pytest
from typer.main import get_command

from tests.cli.command import told
from transferbench.cli.main import app

COMMANDS = [
    *(
        "demo",
        "pretrain",
        "detect",
        "segment",
        "run",
        "compare",
        "explain",
        "diff",
        "data",
        "bench",
        "list",
        "show",
    ),
]
BENCHES = ["bench data", "bench train", "bench eval"]


def test_every_command_is_listed() -> None:
    listed = told("--help")

    assert listed.exit_code == 0
    assert set(COMMANDS) <= set(listed.stdout.split())
    assert set(getattr(get_command(app), "commands")) >= set(COMMANDS)  # noqa: B009


@pytest.mark.parametrize("command", [*COMMANDS, "data make", "data pack", "data verify", *BENCHES])
def test_help_says_what_a_command_does(command: str) -> None:
    result = told(*command.split(), "--help")

    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.stdout
    assert result.stderr == ""


def test_the_program_runs_as_a_module() -> None:
    words = [sys.executable, "-m", "transferbench", "--help"]

    result = subprocess.run(words, capture_output=True, text=True, check=True)

    assert "Which pretrained backbone transfers best" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ["pretrain"],
        ["fly"],
        ["pretrain", "mini_b", "--sed", "1"],
        ["pretrain", "mini_b", "--seed", "-1"],
        ["pretrain", "mini_b", "--seed", "one"],
        ["detect", "random:mini_b", "--limit", "0"],
        ["run", "demo", "--jobs", "0"],
    ],
)
def test_words_that_make_no_command_are_usage_errors(words: list[str]) -> None:
    result = told(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


def test_the_command_alone_prints_its_help() -> None:
    assert told().output.startswith("Usage: ")
