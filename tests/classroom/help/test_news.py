"""What the instructor sends reaches every machine once: live, after an absence, and only whom it is for."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest

from labkit.classroom.help.news import FILE, KEPT, Item, News
from labkit.classroom.help.notes import LONGEST, Notes
from labkit.classroom.posting import BadPost
from labkit.classroom.register import INSTRUCTOR, own_room_of
from labkit.classroom.sending import Sender
from labkit.wire.client.client import Client, Refused
from tests.classroom.school import CLASS, PATIENCE_S, School, at_work, teaching

NEWS = f"class:{CLASS}:news"


def now(seconds_ago: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def note(name: str, text: str = "count bytes", seconds_ago: float = 0.0) -> Item:
    return Item(name, "note", "06-outbox", text, now(seconds_ago))


async def announce(school: School, text: str) -> None:
    async with Client(school.url, await school.ticket(INSTRUCTOR)) as instructor:
        await (await instructor.join(NEWS)).chat(text)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.02)


def texts(sender: Sender) -> list[str]:
    return [item.text for item in sender.news_file.items()]


async def test_announcement_reaches_machines_on_and_off_once(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "ben") as school:
        async with at_work(school.member("ana"), tmp_path) as ana:
            await announce(school, "coffee at ten")
            await until(lambda: texts(ana) == ["coffee at ten"])
        await announce(school, "back at eleven")
        for name in ("ana", "ben"):
            async with at_work(school.member(name), tmp_path) as sender:
                await until(lambda sender=sender: texts(sender) == ["coffee at ten", "back at eleven"])
                assert sender.news == ["coffee at ten", "back at eleven"]


async def test_note_reaches_its_student_only_and_at_once(tmp_path: Path) -> None:
    async with (
        teaching(tmp_path, "ana", "ben") as school,
        at_work(school.member("ana"), tmp_path) as ana,
        at_work(school.member("ben"), tmp_path) as ben,
    ):
        await announce(school, "hello")
        await until(lambda: texts(ana) == texts(ben) == ["hello"])
        Notes(school.path).add("ana", "06-outbox", "hint", "look at `over`")
        await until(lambda: texts(ana) == ["hello", "look at `over`"])
        await announce(school, "still here")
        await until(lambda: "still here" in texts(ben))
        assert texts(ben) == ["hello", "still here"]
        assert ana.news[1] == "hint on 06-outbox: look at `over`"


async def test_note_written_before_the_class_starts_arrives(tmp_path: Path) -> None:
    """By `labkit class help` while no server runs, to a student who is offline: none is lost or doubled."""
    async with teaching(tmp_path, "ana") as school:
        path = school.path
    Notes(path).add("ana", "06-outbox", "note", "first")
    async with teaching(tmp_path, "ana") as school:
        async with at_work(school.member("ana"), tmp_path) as ana:
            await until(lambda: texts(ana) == ["first"])
        await asyncio.sleep(0.5)
        Notes(path).add("ana", "06-outbox", "note", "second")
        async with at_work(school.member("ana"), tmp_path) as ana:
            await until(lambda: texts(ana) == ["first", "second"])


async def test_note_text_is_in_no_log_and_no_room(tmp_path: Path) -> None:
    """Only that there is one, in a room that nobody else can join."""
    async with teaching(tmp_path, "ana", "eve") as school:
        async with Client(school.url, await school.ticket("ana")) as client:
            room = await client.join(own_room_of(CLASS, "ana"))
            Notes(school.path).add("ana", "06-outbox", "note", "a private word")
            async with asyncio.timeout(PATIENCE_S):
                nudge = await anext(room)
            assert (nudge["userId"], nudge["target"], nudge["text"]) == (INSTRUCTOR, "1", "note")
            with pytest.raises(Refused):
                await room.chat("an answer")
        async with Client(school.url, await school.ticket("eve")) as eve:
            with pytest.raises(Refused, match="room_denied"):
                await eve.join(own_room_of(CLASS, "ana"))
        assert (await school.get("/class/notes", "ana"))["notes"][0]["text"] == "a private word"
        assert (await school.get("/class/notes", "eve"))["notes"] == []
        with pytest.raises(HTTPError, match="403"):
            await school.get("/class/notes")


def test_note_empty_or_too_long_is_refused(tmp_path: Path) -> None:
    for text in (" ", "x" * (LONGEST + 1)):
        with pytest.raises(BadPost, match=str(LONGEST)):
            Notes(tmp_path / "no.db").add("ana", "06-outbox", "note", text)


def test_news_is_read_in_one_kernel_and_gone_in_all(tmp_path: Path) -> None:
    here, there = (News(tmp_path, CLASS, "ana") for _ in range(2))
    here.add([note("n1"), note("n2")])
    there.add([note("n1"), note("n2")])
    assert [item.id for item in there.unread()] == ["n1", "n2"]
    there.read("n1")
    assert [item.id for item in here.unread()] == ["n2"]
    assert [item.id for item in here.items()] == ["n1", "n2"]


def test_news_old_or_of_another_student_is_not_shown(tmp_path: Path) -> None:
    news = News(tmp_path, CLASS, "ana")
    news.add([note("old", seconds_ago=5 * 3600), note("new", seconds_ago=60), note("odd")])
    assert {item.id for item in news.unread()} == {"new", "odd"}
    assert News(tmp_path, CLASS, "ben").items() == News(tmp_path, "other", "ana").items() == []
    news.add([note(f"more-{number}") for number in range(KEPT)])
    assert len(news.items()) == KEPT
    (tmp_path / FILE).write_text("{")
    assert news.items() == []
