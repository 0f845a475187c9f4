"""What ends a command from outside, and the exit status that tells of it."""

from __future__ import annotations

import signal

import pytest
import typer

from transferbench.cli.failures import told
from transferbench.cli.interrupts import interruptible
from transferbench.engine.loop import Interrupted
from transferbench.errors import DataError


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_remembered_and_becomes_the_exit_status(number: int, status: int) -> None:
    with pytest.raises(typer.Exit) as caught, interruptible() as came:
        assert came() == 0
        signal.raise_signal(number)
        raise Interrupted(came())

    assert caught.value.exit_code == status


def test_signals_act_as_before_once_a_run_is_over() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    with interruptible():
        pass

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DataError("data: expected pictures"), 1, "error: data: expected pictures\n"),
        (KeyboardInterrupt(), 130, "interrupted; what is finished is kept: start again to go on\n"),
    ],
)
def test_an_error_becomes_an_exit_status(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, message: str
) -> None:
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        told(command)()

    assert caught.value.exit_code == status
    assert capsys.readouterr() == ("", message)


def test_a_bug_keeps_its_traceback() -> None:
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told(command)()
