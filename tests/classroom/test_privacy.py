"""What a student cannot do to others: see, write, impersonate, or read a code or a ticket."""

import asyncio
import json
import logging
from pathlib import Path
from urllib.error import HTTPError

import pytest

from labkit.bench.ask import ask, basic
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.serving import CATCH_UP_S
from labkit.wire.client.client import Client, Disconnected, Refused
from tests.classroom.school import CLASS, School, all_sent, at_work, statuses, teaching
from tests.wire.clocks import DAY, WallClock
from tests.wire.raw import Raw

ROOM, NEWS = f"class:{CLASS}", f"class:{CLASS}:news"


async def raw_of(school: School, name: str, *rooms: str) -> Raw:
    """A hand-made connection with someone's code, which may send anything."""
    return await Raw.enter(school.url, await school.ticket(name), *rooms)


def event(n: int, status: str = "pass", **more: object) -> dict[str, object]:
    return {"type": "exercise", "roomId": ROOM, "exercise": "01", "status": status, "at": 1, "n": n, **more}


async def test_student_cannot_see_others_results(tmp_path: Path) -> None:
    """Not live, not later, not by asking for presence; the instructor sees them, so they were there to see."""
    async with teaching(tmp_path, "ana", "eve") as school:
        eve = await raw_of(school, "eve", ROOM)
        watching = await raw_of(school, INSTRUCTOR, ROOM)
        async with at_work(school.member("ana"), tmp_path) as ana:
            ana.progress.add("01", "fail", "auth-first")
            await all_sent(ana)
        assert (await watching.hear("exercise"))["userId"] == "ana"
        assert await eve.everything() == []
        late = await Raw.enter(school.url, await school.ticket("eve"))
        late.say(type="join", roomId=ROOM, since={"epoch": (await school.get("/class/board"))["epoch"], "seq": 0})
        assert (await late.hear("joined"))["access"] == "w"
        late.say(type="presence", roomId=ROOM)
        assert [message["type"] for message in await late.everything()] == ["error"]


async def test_student_cannot_write_anothers_status(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "eve") as school:
        eve = await raw_of(school, "eve", ROOM)
        eve.say(**event(1, userId="ana", user="ana", requestId="ana-1"))
        assert (await eve.hear("exercise"))["userId"] == "eve"
        assert statuses(await school.students(), ["ana", "eve"]) == {"ana": {}, "eve": {"01": "pass"}}


async def test_student_cannot_take_anothers_name(tmp_path: Path) -> None:
    """Not with their own code, without one, or by renewing a session as someone else."""
    async with teaching(tmp_path, "ana", "eve") as school:
        for name, code in (("ana", school.codes["eve"]), ("ana", "x" * 32), ("Ana", "x" * 32), (INSTRUCTOR, "x" * 32)):
            with pytest.raises(HTTPError, match="401"):
                await asyncio.to_thread(ask, school.url, "/ticket", basic(name, code), b"")
        eve = await raw_of(school, "eve", ROOM)
        eve.say(type="refresh", token=await school.ticket("ana"))
        assert (await eve.ending())[0] == 4403


async def test_code_renewed_revokes_old_sessions(tmp_path: Path) -> None:
    """Live and resumable sessions, the instructor's too, across a restart, but not those of the new code."""
    resumes = []
    async with teaching(tmp_path, "ana", "eve") as school:
        for name in ("eve", INSTRUCTOR, "ana"):
            thief = await raw_of(school, name, ROOM)
            resumes.append(thief.ok["resume"])
            if name == "eve":
                school.codes |= school.register.enrol(["eve"], renew=True)
                eve = await raw_of(school, "eve", ROOM)
                assert await thief.ending() == (4410, "session revoked")
                await asyncio.sleep(2 * CATCH_UP_S)
                assert await eve.everything() == []
    async with teaching(tmp_path, "ana") as school:  # renews the instructor's code and ana's while nothing serves
        for resume in resumes:
            thief = await Raw.open(school.url)
            thief.say(type="auth", token=resume)
            assert (await thief.ending())[0] == 4410
        for name in (INSTRUCTOR, "ana"):
            assert await (await raw_of(school, name, ROOM)).everything() == []


@pytest.mark.parametrize("off", [DAY, -DAY])
async def test_code_renewed_under_wrong_clock_revokes_once(
    tmp_path: Path, off: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One renewal with a wrong clock, one after it is set: each revokes earlier sessions only."""
    async with teaching(tmp_path, "eve") as school:
        for wrong in (off, 0.0, off):
            thief = await raw_of(school, "eve", ROOM)
            with monkeypatch.context() as patch:
                WallClock(patch).off = wrong
                school.codes |= school.register.enrol(["eve"], renew=True)
                assert await thief.ending() == (4410, "session revoked")
            eve = await raw_of(school, "eve", ROOM)
            await asyncio.sleep(2 * CATCH_UP_S)
            assert await eve.everything() == []


async def test_student_cannot_announce(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "eve") as school, at_work(school.member("ana"), tmp_path) as ana:
        async with Client(school.url, await school.ticket("eve")) as eve:
            with pytest.raises(Refused, match="read_only"):
                await (await eve.join(NEWS)).chat("no lesson today")
        async with Client(school.url, await school.ticket(INSTRUCTOR)) as instructor:
            await (await instructor.join(NEWS)).chat("coffee at ten")
        async with asyncio.timeout(10):
            while list(ana.news) != ["coffee at ten"]:
                await asyncio.sleep(0.02)


async def test_student_cannot_join_other_room(tmp_path: Path) -> None:
    async with teaching(tmp_path, "eve") as school, Client(school.url, await school.ticket("eve")) as eve:
        for room in (f"{ROOM}2", f"{ROOM}:news:x", "room:demo"):
            with pytest.raises(Refused, match="room_denied"):
                await eve.join(room)
        with pytest.raises((Refused, Disconnected)):
            await (await eve.join(ROOM)).presence()


async def test_board_and_drill_need_instructor(tmp_path: Path) -> None:
    async with teaching(tmp_path, "eve") as school:
        for path, body in (("/class/board", None), ("/class/drill", b""), ("/class/crash", b"")):
            with pytest.raises(HTTPError, match="403"):
                await school.get(path, "eve", body)
            with pytest.raises(HTTPError, match="403"):
                await asyncio.to_thread(ask, school.url, path, None, body)
            with pytest.raises(HTTPError, match="401"):
                await asyncio.to_thread(ask, school.url, path, basic(INSTRUCTOR, school.codes["eve"]), body)
        assert json.loads(await asyncio.to_thread(ask, school.url, "/class"))["class"] == CLASS
        assert statuses(await school.students(), ["eve"]) == {"eve": {}}


async def test_wrong_codes_are_rate_limited(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "eve") as school:
        for path, name, body in (("/ticket", "ana", b""), ("/class/board", INSTRUCTOR, None)):
            answers = []
            for _ in range(7):
                with pytest.raises(HTTPError) as refused:
                    await asyncio.to_thread(ask, school.url, path, basic(name, "k3mw-9xqa-t7hd"), body)
                answers.append(refused.value.code)
            assert answers == [401] * 5 + [429] * 2


async def test_codes_and_tickets_appear_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the log, the class files, the board, or anything that a student receives."""
    caplog.set_level(logging.DEBUG)
    async with teaching(tmp_path, "ana", "eve") as school:
        tickets = [await school.ticket(name) for name in ("ana", "eve")]
        eve = await Raw.enter(school.url, tickets[1], ROOM, NEWS)
        async with at_work(school.member("ana"), tmp_path / "machines") as ana:
            ana.progress.add("01", "fail", "auth-first")
            await all_sent(ana)
            cursor_file = (tmp_path / "machines" / "ana" / "class-told.json").read_text()
        received = json.dumps(await eve.everything())
        board = json.dumps(await school.get("/class/board"))
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".key")
    places = {
        "log": caplog.text,
        "files": files.decode("latin-1"),
        "board": board,
        "received": received,
        "cursor": cursor_file,
    }
    secrets = [*school.codes.values(), *tickets]
    assert [name for name, text in places.items() for secret in secrets if secret in text] == []
    assert "auth-first" in places["board"] and "auth-first" in places["files"]  # the control
