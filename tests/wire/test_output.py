"""Output whose reader has stopped, is slow, or is gone: no write waits, and what is lost is counted."""

import io
import os
import re
import select
import subprocess
import sys
import threading

import click
import pytest

from labkit.wire import output
from labkit.wire.output import MOST_WAITING, Output, never_waiting
from tests.pipes import fill, full_pipe

READER_IS_LATE = """
import sys
from labkit.wire.output import never_waiting
with never_waiting():
    for number in range(20_000):
        print(f"line {number}\\n", end="", file=sys.stderr)
    print("written")
    sys.stdin.readline()
"""


def test_unread_lines_are_counted() -> None:
    """The first lines wait for a late reader; the rest is a number or two, and together they are all."""
    child = subprocess.Popen(
        [sys.executable, "-c", READER_IS_LATE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "written\n"
    lines = child.communicate("\n", timeout=20)[1].splitlines()
    kept = [int(line.split()[1]) for line in lines if line.startswith("line ")]
    told = [
        re.fullmatch(r"\((\d+) lines were dropped here, because nothing read them in time\)", line) for line in lines
    ]
    dropped = [int(found[1]) for found in told if found is not None]
    assert kept == sorted(set(kept)) and len(kept) + sum(dropped) == 20_000
    assert len(kept) >= MOST_WAITING and 1 <= len(dropped) < 10 and len(lines) == len(kept) + len(dropped)


def test_a_full_pipe_keeps_neither_a_writer_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that waits is the output's own."""
    monkeypatch.setattr(output, "LAST_WORDS_S", 0.05)
    with full_pipe() as (reading, writing), open(writing, "w", encoding="utf-8", closefd=False) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with never_waiting():
            for _ in range(2 * MOST_WAITING):
                print("a line", file=sys.stderr)
            ours = sys.stderr
        assert isinstance(ours, Output) and ours._thread.is_alive()
        while ours._thread.is_alive():  # read it all, so that the thread can end
            if select.select([reading], [], [], 0.05)[0]:
                os.read(reading, 65536)


def test_a_reader_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """EPIPE: what was lost is counted, and the thread goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        ours = Output(stream)
        ours.write("one\n")
        ours.write("two\n")
        ours.end()
    assert not ours._thread.is_alive() and ours._unwritten == 2


def test_a_pipe_made_non_blocking_by_another_is_waited_for() -> None:
    """No line is torn and none is lost: a shell or node shares the pipe, and has set O_NONBLOCK for all."""
    reading, writing = os.pipe()
    fill(writing)
    os.set_blocking(writing, False)
    with open(writing, "w", encoding="utf-8") as stream:
        ours = Output(stream)
        ours.write("x" * 100_000 + "\n")
        got = b""
        ending = threading.Thread(target=ours.end)
        ending.start()
        while not got.endswith(b"x\n"):
            got += os.read(reading, 65536)
        ending.join()
    os.close(reading)
    assert got.count(b"x") == 100_000


def test_a_disk_that_was_full_for_a_while_tears_no_later_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line is on it; the next begins on a line of its own, and the lost one is counted."""
    reading, writing = os.pipe()
    write = os.write
    faults = iter([lambda fd, data: write(fd, data[:3]), lambda fd, data: (_ for _ in ()).throw(OSError(28, "full"))])
    with open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(os, "write", lambda fd, data: next(faults, write)(fd, data))
        ours = Output(stream)
        ours.write("first line\n")
        ours.end()
        monkeypatch.undo()
    text = os.fdopen(reading).read()
    assert text == "fir\n(1 lines were dropped here, because nothing read them in time)\n"


def test_click_prints_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As to any text stream: it takes no bytes, and a stream in memory will do."""
    behind = io.StringIO()
    monkeypatch.setattr(sys, "stdout", behind)
    with never_waiting():
        click.echo("grüße")
        with pytest.raises(TypeError):
            sys.stdout.write(b"bytes")  # type: ignore[arg-type]
    assert behind.getvalue() == "grüße\n" and sys.stdout is behind


def test_closed_streams_stay_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started without stdout has None there."""
    monkeypatch.setattr(sys, "stdout", None)
    with never_waiting():
        click.echo("to nobody")
        assert sys.stdout is None
