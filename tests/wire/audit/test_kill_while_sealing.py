"""`kill -9` of the server and of the operator's command, while rows are written, sealed and erased."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.wire.audit.erasing import blanked, erase
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import Entry
from labkit.wire.audit.sealed_files import sealed_files
from labkit.wire.audit.sealing import seal
from labkit.wire.audit.verify import verify
from tests.wire.audit import sealing_child, test_kill_while_writing, writing_child

ROUNDS = 4


def sealing(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, sealing_child.__file__, str(path)], stdout=subprocess.PIPE)


def events(path: Path) -> list[tuple[int, Entry]]:
    """The events of the sealed files and the open one, each once."""
    found = {}
    for file in [*(file.path for file in sealed_files(path)), path]:
        with reading(file) as connection:
            found |= {n: entry for n, entry, _ in rows(connection)}
    assert sorted(found) == list(range(1, len(found) + 1)), "a row is missing"
    return [(n, entry) for n, entry in sorted(found.items()) if entry.kind == "event"]


def check(path: Path, told: list[str]) -> None:
    """Verify the chain, and compare everything that was reported stored with everything that is there."""
    verdict = verify(path)
    assert verdict.is_intact, str(verdict)
    there = {str(entry.id) for _, entry in events(path)}
    missing = [name for name in told if name not in there and erased_id(name) not in there]
    assert not missing


def erased_id(name: str) -> str:
    return str(blanked(Entry(0.0, "event", id=name, body=json.dumps({}))).id)


def killed_while_sealing(path: Path, rng: random.Random) -> list[str]:
    """Write while another process seals and erases; kill both. Return what was reported stored."""
    told: list[str] = []
    for run in range(ROUNDS):
        with sealing(path) if path.exists() else subprocess.Popen(["sleep", "60"]) as operator:
            if operator.stdout is not None:
                assert operator.stdout.readline() == b"at work\n"
            told += test_kill_while_writing.killed(path, run, rng.uniform(0.3, 1.0))
            time.sleep(rng.uniform(0, 0.1))
            assert operator.poll() is None, "a change was refused"
            operator.send_signal(signal.SIGKILL)
        check(path, told)
    return told


def test_sealed_and_open_rows_are_everything_after_kills(tmp_path: Path) -> None:
    """Intact after each kill; and after one last seal and erasure, every row is there once and ben's texts are gone."""
    assert writing_child.__file__
    path = tmp_path / "room.db"
    told = killed_while_sealing(path, random.Random(3))
    seal(path)
    assert erase(path, "ben").is_known
    check(path, told)
    assert len(told) > 200 and len(sealed_files(path)) > 2
    assert all("xxx" not in str(entry.body) for _, entry in events(path) if entry.user == "ben")
    texts = [entry for _, entry in events(path) if entry.user == "ada"]
    assert texts and all("xxx" in str(entry.body) for entry in texts)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(12))
def test_sealed_and_open_rows_are_everything_after_many_kills(tmp_path: Path, seed: int) -> None:
    """The same, at other moments."""
    path = tmp_path / "room.db"
    check(path, killed_while_sealing(path, random.Random(100 + seed)))
