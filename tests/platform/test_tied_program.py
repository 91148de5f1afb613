"""A program tied to its starter ends with it, and is signalled by its own parent only."""

import subprocess
import sys

import psutil
import pytest

from labkit.platform.tied_program import tied

OBEDIENT = (
    "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('up', flush=True); signal.pause()"
)
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


def start(source: str) -> tuple["subprocess.Popen[str]", int]:
    command = tied([sys.executable, "-c", source])
    tie = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert tie.stdout is not None
    pid = int(tie.stdout.readline())
    if source != "raise SystemExit(3)":
        assert tie.stdout.readline() == "up\n"
    return tie, pid


def test_line_on_stdin_asks_the_program_to_end() -> None:
    tie, pid = start(OBEDIENT)
    assert tie.stdin is not None
    print("end", file=tie.stdin, flush=True)
    assert tie.wait(20) == 7 and not psutil.pid_exists(pid)


@pytest.mark.parametrize("sent", ["", "end\n"])
def test_end_of_stdin_kills_the_program(sent: str) -> None:
    """Even one that was asked to end and did not."""
    tie, pid = start(DEAF)
    assert tie.communicate(sent, timeout=20)[1] == ""
    assert not psutil.pid_exists(pid)


def test_tie_ends_with_its_program_and_passes_its_exit_code_on() -> None:
    """A tie that waited for its stdin could later signal a process that has been given the same id."""
    tie, _ = start("raise SystemExit(3)")
    assert tie.wait(20) == 3
    assert tie.communicate(timeout=20)[1] == ""
