"""`kill -9` under load: whatever any client ever saw is in the audit file."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from labkit.wire.audit.reading import reading, rows
from tests.wire import crowd, people
from tests.wire.raw import PATIENCE_S, port_of, process

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a-dev-token-of-this-test-alone"
KILLS = 6


class Crowd:
    """A crowd that runs."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def report(self) -> crowd.Report:
        """Let it finish, and hear what it lived through."""
        out, _ = await self._child.communicate(b"stop\n")
        assert self._child.returncode == 0
        return crowd.Report(**json.loads(out))


@asynccontextmanager
async def gathered(url: str, *, clients: int, rooms: int, at_once: int, haste: int) -> AsyncIterator[Crowd]:
    """A crowd that is in its rooms."""
    numbers = [str(number) for number in (clients, rooms, at_once, haste)]
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.wire.crowd", url, *numbers],
        cwd=ROOT,
        env={**os.environ, "DEV_TOKEN": TOKEN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=2**26,
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert await child.stdout.readline() == b"ready\n"
        yield Crowd(child)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def options(tmp: Path, port: int = 0) -> list[str]:
    """A server with an audit file, users and no rate limit, on a port."""
    users = tmp / "users.csv"
    users.write_text(people.FILE, encoding="utf-8")
    where = ["--port", str(port), "--audit", str(tmp / "room.db"), "--users", str(users)]
    return [*where, "--token", TOKEN, "--set", "messages_per_s=off"]


def stored(path: Path) -> dict[str, list[tuple[int, str, str]]]:
    """Of each room: seq, id and requestId of every event in the audit file, in its order."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    with reading(path) as connection:
        for _, entry, _ in rows(connection):
            if entry.kind == "event":
                assert entry.room is not None and entry.seq is not None and entry.id is not None
                asked = json.loads(str(entry.body))["requestId"]
                found.setdefault(entry.room, []).append((entry.seq, entry.id, asked))
    return found


def verified(path: Path) -> str:
    """What `labkit audit FILE --verify` says; it must exit with 0."""
    command = [sys.executable, "-m", "labkit", "audit", str(path), "--verify"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_heard(report: crowd.Report, events: dict[str, list[tuple[int, str, str]]]) -> int:
    """Each client heard its room's events once, in order and as stored, or was told of a gap; the number of gaps."""
    gaps = 0
    for room, heard in report.heard:
        by_seq = {seq: event_id for seq, event_id, _ in events[room]}
        expected: int | None = None
        for item in heard:
            if isinstance(item, str):
                assert item == "the server no longer has the missed events"
                gaps, expected = gaps + 1, None
                continue
            seq, event_id = item
            assert expected in (None, seq), f"{room}: {seq} where {expected} was due"
            assert by_seq.get(seq) == event_id, f"{room}: {seq} {event_id} was seen and is not in the audit file"
            expected = seq + 1
        assert expected in (None, events[room][-1][0] + 1), f"{room}: the end is missing"
    return gaps


def check_said(report: crowd.Report, events: dict[str, list[tuple[int, str, str]]]) -> None:
    """What chat returned for is stored, and nothing is stored twice, however often it was sent."""
    for room, said in report.said.items():
        times = Counter(asked for _, _, asked in events[room])
        assert max(times.values()) == 1, f"{room}: stored twice"
        assert set(said) <= set(times)
        seqs = [seq for seq, _, _ in events[room]]
        assert seqs == list(range(1, len(seqs) + 1)), f"{room}: a hole in the seqs"


def check_secrets(report: crowd.Report, tmp: Path) -> None:
    """No token is in any file, and none in the log."""
    assert len(report.secrets) > 1
    written = {path.name: path.read_bytes() for path in tmp.iterdir() if path.name != "users.csv"}
    assert {"room.db", "room.key", "serve.log"} <= set(written)
    for secret in [TOKEN, *report.secrets]:
        assert [name for name, data in written.items() if secret.encode() in data] == []


async def kills(tmp: Path, seed: int, count: int) -> crowd.Report:
    """A crowd under load, and a server that is killed so often."""
    rng, path = Random(seed), tmp / "room.db"
    async with process(tmp, *options(tmp)) as server:
        url = server.url
        async with gathered(url, clients=12, rooms=3, at_once=8, haste=20) as people_there:
            await asyncio.sleep(0.3 + rng.random() / 2)
            await server.end(signal.SIGKILL)
            for kill in range(1, count + 1):
                async with process(tmp, *options(tmp, port_of(url))) as again:
                    if kill < count:
                        await asyncio.sleep(0.3 + rng.random() / 2)
                        await again.end(signal.SIGKILL)
                    else:
                        report = await people_there.report()
                assert verified(path).startswith("intact")
    return report


async def kill_and_check(tmp: Path, seed: int, count: int = KILLS) -> None:
    """See the tests."""
    report = await kills(tmp, seed, count)
    events = stored(tmp / "room.db")
    check_heard(report, events)
    check_said(report, events)
    check_secrets(report, tmp)
    assert report.closes.count(1006) >= 12 * count
    assert sum(len(in_room) for in_room in events.values()) > 100 * count, "that was no load"


async def test_what_anybody_saw_is_in_the_audit_file_after_six_kills(tmp_path: Path) -> None:
    """Twelve clients, 24 messages always on their way, SIGKILL at six odd moments: stored, verified, once, in order."""
    await kill_and_check(tmp_path, seed=1)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(2, 12))
async def test_what_anybody_saw_is_in_the_audit_file_after_many_kills(tmp_path: Path, seed: int) -> None:
    """The same, long, each time at other moments."""
    await kill_and_check(tmp_path, seed)
