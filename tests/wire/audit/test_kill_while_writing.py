"""`kill -9` in the middle of writing: what was told as stored is stored."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.rules.limits import Limits
from labkit.wire.audit.recovery import recover
from labkit.wire.audit.verify import verify
from tests.wire.audit import writing_child
from tests.wire.audit.files import ids, opened

KILLS = 6


def killed(path: Path, run: int, seconds: float, pause_s: float = 0.0) -> list[str]:
    """What a process said was stored before it was killed, `seconds` after its first word."""
    command = [sys.executable, writing_child.__file__, str(path), str(run), str(pause_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        said = b""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            select.select([child.stdout], [], [], max(0.0, end - time.monotonic()))
            said += child.stdout.read() or b""
            if said and end > time.monotonic() + seconds:
                end = time.monotonic() + seconds
        child.send_signal(signal.SIGKILL)
        os.set_blocking(child.stdout.fileno(), True)
        said += child.stdout.read()
    assert child.returncode == -signal.SIGKILL, "the child ended by itself"
    return said.decode().split("\n")[:-1]  # the last line may be cut


def test_entries_reported_stored_survive_kill_9(tmp_path: Path) -> None:
    """Again and again on the same file, each time at another moment: all there, in order, and the chain verifies."""
    path, told, rng = tmp_path / "room.db", [], random.Random(9)
    for run in range(KILLS):
        told += killed(path, run, rng.uniform(0.02, 0.4))
        verdict = verify(path)
        assert verdict.is_intact, str(verdict)
        stored = ids(path)
        assert set(told) <= set(stored)
        assert len(stored) == len(set(stored))
        mine = [int(str(name).split("-")[1]) for name in stored if str(name).startswith(f"{run}-")]
        assert mine == list(range(len(mine))), "a hole, or out of order"
        assert stored[-1] is not None and stored[-1].encode() in path.read_bytes() + wal(path), "not as plain text"
    assert len(told) > 100 * KILLS
    with opened(path):
        assert len(recover(path, Limits(), 1000.0).rooms) >= 1
    assert told[-1].encode() in path.read_bytes()


def wal(path: Path) -> bytes:
    return path.with_name(f"{path.name}-wal").read_bytes()


@pytest.mark.matrix
def test_entries_reported_stored_survive_many_kills(tmp_path: Path) -> None:
    """The same, long."""
    for part in range(10):
        folder = tmp_path / str(part)
        folder.mkdir()
        test_entries_reported_stored_survive_kill_9(folder)
