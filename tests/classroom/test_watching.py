"""The instructor's side as a program, with network faults at the worst moments."""

import asyncio
import json
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from labkit.bench.ask import ask
from labkit.classroom import watching
from labkit.classroom.board import Board
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.watching import Watcher
from labkit.faults import Proxy, Throttle
from labkit.wire.client.client import Stopped
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.unsent import Event
from tests.classroom.school import CLASS, School, all_sent, at_work, exercise, teaching
from tests.wire.raw import Raw
from tests.wire.scripted import Peer, scripted

BOARD = "/class/board"


@asynccontextmanager
async def followed(school: School) -> AsyncIterator[Watcher]:
    watcher = Watcher(school.url, school.codes[INSTRUCTOR])
    running = asyncio.create_task(watcher.run())
    try:
        yield watcher
        assert not running.done(), repr(running.exception())
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def status(board: Board, name: str = "ana") -> str | None:
    row = board.students.get(name)
    return row.cells["02-auth"].status if row is not None and row.cells else None


async def test_surrogate_in_event_does_not_break_notebook(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        ana = await Raw.enter(school.url, await school.ticket("ana"), f"class:{CLASS}")
        async with followed(school) as watcher:
            fields = {"exercise": "\ud800", "status": "fail", "check": "\ud800", "at": 1, "n": 1}
            await until(lambda: watcher.present)
            ana.say(type="exercise", roomId=f"class:{CLASS}", requestId="\udfff-1", **fields)
            await until(lambda: "ana" in watcher.board.students and watcher.board.students["ana"].cells)
            live = watcher.take()
            await watcher.look()
            assert json.dumps([live, watcher.take(), watcher.board.json()], ensure_ascii=False).encode()


@pytest.mark.parametrize("path", ["/class", BOARD])
async def test_request_lost_at_start_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The connection breaks during the watcher's first request."""
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        asked: list[str] = []

        def breaking(url: str, to: str, *more: Any, **options: Any) -> bytes:
            asked.append(to)
            if to == path and asked.count(to) == 1:
                loop.call_soon_threadsafe(cut)
                raise ConnectionResetError
            return ask(url, to, *more, **options)

        def cut() -> None:
            assert watcher.client is not None and watcher.client._loop.link is not None
            socket = watcher.client._loop.link._socket
            assert socket is not None
            socket.transport.abort()

        monkeypatch.setattr(watching, "ask", breaking)
        loop = asyncio.get_running_loop()
        async with followed(school) as watcher:
            ana.progress.add("02-auth", "started")
            await until(lambda: status(watcher.board) == "started" and watcher.present == {"ana"})


async def test_events_during_snapshot_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that is older than an event does not undo it."""
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        answered, go_on = threading.Event(), threading.Event()

        def slow(*question: Any, **options: Any) -> bytes:
            answer = ask(*question, **options)
            answered.set()
            assert go_on.wait(20)
            return answer

        async with followed(school) as watcher:
            ana.progress.add("02-auth", "started")
            await until(lambda: status(watcher.board) == "started")
            monkeypatch.setattr(watching, "ask", slow)
            looking = asyncio.create_task(watcher.look())
            await until(answered.is_set)
            ana.progress.add("02-auth", "pass")
            await all_sent(ana)
            await until(lambda: status(watcher.board) == "pass")
            go_on.set()
            await looking
            assert status(watcher.board) == "pass"
            assert status(drawn(watcher.take())) == "pass"


async def test_board_updates_during_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        asked, go_on = threading.Event(), threading.Event()

        def slow(*question: Any, **options: Any) -> bytes:
            asked.set()
            assert go_on.wait(20)
            return ask(*question, **options)

        async with followed(school) as watcher:
            await until(lambda: watcher.present == {"ana"})
            monkeypatch.setattr(watching, "ask", slow)
            try:
                room_of(watcher)._report_gap("a hole")
                await until(asked.is_set)
                ana.progress.add("02-auth", "started")
                await until(lambda: status(watcher.board) == "started")
            finally:
                go_on.set()


async def test_presence_missed_is_requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a gap, because an `entered` may be among the dropped events."""
    async with (
        teaching(tmp_path, "ana", "ben") as school,
        at_work(school.member("ana"), tmp_path),
        followed(school) as watcher,
    ):
        await until(lambda: watcher.present == {"ana"})
        inbox = room_of(watcher)._inbox
        put = inbox.put

        def lossy(event: Event) -> None:
            if event["type"] == "entered":
                inbox._dropped += 1
            else:
                put(event)

        monkeypatch.setattr(inbox, "put", lossy)
        async with at_work(school.member("ben"), tmp_path) as ben:
            ben.progress.add("02-auth", "started")
            await until(lambda: status(watcher.board, "ben") == "started" and watcher.present == {"ana", "ben"})


def room_of(watcher: Watcher) -> ClientRoom:
    assert watcher.client is not None
    return watcher.client.rooms[watcher.before["room"]]


def drawn(events: list[dict[str, Any]]) -> Board:
    """The board of a screen that received these events."""
    board = Board()
    for event in events:
        if event["type"] == "snapshot":
            board = Board.of(event["board"])
        board.apply(event)
    return board


async def test_snapshot_older_does_not_replace_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gaps cause two requests, and the first answer may be the slower one."""
    async with teaching(tmp_path, "ana") as school:
        answered, go_on = threading.Event(), threading.Event()

        def first_is_slow(*question: Any, **options: Any) -> bytes:
            answer = ask(*question, **options)
            if not answered.is_set():
                answered.set()
                assert go_on.wait(20)
            return answer

        watcher = Watcher(school.url, school.codes[INSTRUCTOR])
        monkeypatch.setattr(watching, "ask", first_is_slow)
        one = asyncio.create_task(watcher.look())
        await until(answered.is_set)
        async with at_work(school.member("ana"), tmp_path) as ana:
            ana.progress.add("02-auth", "started")
            await all_sent(ana)
        other = asyncio.create_task(watcher.look())
        await asyncio.sleep(0.1)
        go_on.set()
        await asyncio.gather(one, other)
        assert status(watcher.board) == "started"


async def test_class_full_over_slow_link_arrives(tmp_path: Path) -> None:
    """200 students in the whole course at 50 KB/s: the server allows 5 s to write a response."""
    async with teaching(tmp_path, "ana") as school, Proxy(school.url) as proxy:
        proxy.set(down=[Throttle(bytes_per_s=50_000)])
        known = school.server._record.board
        rng = random.Random(1)
        for student, n in product(range(200), range(1, 49)):
            at = 1_795_000_000_000 + rng.randrange(10_000_000)
            known.apply(exercise(f"student-{student}", n, f"{n % 16:02}-exercise", "fail", check="c", at=at))
        watcher = Watcher(proxy.url, school.codes[INSTRUCTOR])
        assert len(str((await watcher.look())["board"])) > 300_000
        assert set(watcher.board.students) == set(known.students)


async def test_watcher_without_class_raises(monkeypatch: pytest.MonkeyPatch) -> None:

    async def any_ticket(_watcher: Watcher) -> str:
        return "any-ticket"

    async def room_server(peer: Peer) -> None:
        await peer.welcome()
        await peer.stay()

    monkeypatch.setattr(Watcher, "_ticket", any_ticket)
    async with scripted(room_server) as server:
        with pytest.raises(HTTPError):
            await asyncio.wait_for(Watcher(server.url, "a code").run(), 20)


async def test_watcher_end_raises_its_cause(tmp_path: Path) -> None:
    """Stopped, not a group of two, though both rooms end with it."""
    async with teaching(tmp_path, "ana") as school:
        watcher = Watcher(school.url, school.codes[INSTRUCTOR])
        running = asyncio.create_task(watcher.run())
        await until(lambda: watcher.before)
        assert watcher.client is not None
        watcher.client._fail(Stopped(4410, "session revoked"))
        with pytest.raises(Stopped, match="4410"):
            await asyncio.wait_for(running, 20)
