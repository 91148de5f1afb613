"""`labkit drill deploy` as a person or a script uses it."""

import json
import subprocess
import sys

import pytest

SHORT = ("--events", "100", "--rate", "60", "--clients", "6", "--decide-s", "8", "--json")


def drill(*options: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "labkit", "drill", "deploy", *options]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=300)


def test_operators_program_finds_the_metrics_and_rolls_back() -> None:
    """It reads the address from the environment, and its exit code decides."""
    program = "import os, time, urllib.request as u; time.sleep(2); u.urlopen(os.environ['LABKIT_METRICS']).read()"
    done = drill(*SHORT, "--operator", f'"{sys.executable}" -c "{program}"')
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["lost"] == figures["duplicated"] == figures["disconnected"] == 0 and figures["acked"] >= 100
    assert "version 2 had few connections: " in done.stderr


def test_closed_stdin_is_no_decision_and_fails() -> None:
    """Nobody is there to press Enter, so version 2 stays."""
    done = drill(*SHORT)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["decided_after_s"] is None
    assert "nobody rolled version 2 back" in done.stderr


def test_enter_rolls_back() -> None:
    done = drill(*SHORT, typed="\n")
    assert done.returncode == 0, done.stderr
    assert "press Enter to roll back" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--clients", "2"], "needs at least 4 clients"),
        (["--operator", "no-such-program"], "cannot be run; name a program on the PATH"),
        (["--operator", "'open"], "is not a command line"),
        (["--operator", "true", "--decide-after", "1"], "omit one"),
    ],
)
def test_option_invalid_exits_2_with_a_sentence(options: list[str], says: str) -> None:
    done = drill(*options)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
