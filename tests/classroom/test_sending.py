"""A student's machine: the records of its progress file arrive, in order and each once."""

import asyncio
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from labkit import classroom
from labkit.classroom import joining
from labkit.classroom import membership as memberships
from labkit.classroom.membership import Membership, NotAdmitted
from labkit.classroom.sending import Sender
from labkit.course.exercises import NoExercise
from labkit.course.progress import Progress
from labkit.wire import background
from labkit.wire.audit.reading import reading, rows
from labkit.wire.client.state import ClientState
from tests.classroom.school import CLASS, PATIENCE_S, School, all_sent, at_work, statuses, teaching
from tests.wire.raw import on_a_loop


def numbers(school: School, name: str) -> list[int]:
    """The numbers of a student's records in the class file, in its order."""
    with reading(school.path) as file:
        events = [entry for _, entry, _ in rows(file) if entry.kind == "event" and entry.user == name]
    return [json.loads(entry.body or "")["n"] for entry in events]


async def test_records_made_offline_are_sent_in_order(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "ana" / "progress.jsonl")
    for n in range(40):
        progress.add(f"{n % 5}", "fail" if n % 2 else "started", "c" if n % 2 else None)
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        await all_sent(ana)
        assert numbers(school, "ana") == list(range(1, 41))
        board = statuses(await school.students(), ["ana"])["ana"]
    assert board == {record["exercise"]: record["status"] for record in progress.records()}


async def test_record_written_by_any_process_is_sent(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        await all_sent(ana)
        Progress(ana.progress.path).add("01", "pass")
        await all_sent(ana)
        assert statuses(await school.students(), ["ana"]) == {"ana": {"01": "pass"}}


async def test_records_after_restart_are_not_repeated(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        for _ in range(3):
            async with at_work(school.member("ana"), tmp_path) as ana:
                ana.progress.add("01", "fail", "c")
                await all_sent(ana)
        assert numbers(school, "ana") == [1, 2, 3]


async def test_cursor_lost_repeats_without_effect(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", dedupe_s=0) as school:
        for _ in range(2):
            async with at_work(school.member("ana"), tmp_path) as ana:
                ana.progress.add("01", "fail", "c")
                await all_sent(ana)
            (tmp_path / "ana" / "class-told.json").unlink()
        assert numbers(school, "ana") == [1, 1, 2]
        assert (await school.students())["ana"]["cells"]["01"]["fails"] == 2


@pytest.mark.parametrize("is_late", [False, True])
async def test_home_copied_to_second_machine_sends_both(tmp_path: Path, is_late: bool) -> None:
    """Each continues from the copy as its own device, even after the server has forgotten the originals."""
    async with teaching(tmp_path, "ana", **({"dedupe_s": 0} if is_late else {})) as school:
        async with at_work(school.member("ana"), tmp_path / "old") as old:
            old.progress.add("01", "fail", "c")
            await all_sent(old)
        shutil.copytree(tmp_path / "old", tmp_path / "new")
        for machine, exercise in (("old", "02"), ("new", "03"), ("old", "04")):
            async with at_work(school.member("ana"), tmp_path / machine) as sender:
                sender.progress.add(exercise, "pass")
                await all_sent(sender)
        cells = (await school.students())["ana"]["cells"]
        assert {name: cell["status"] for name, cell in cells.items()} == dict.fromkeys(["02", "03", "04"], "pass") | {
            "01": "fail"
        }
        assert cells["01"]["tries"] == 1


async def test_number_used_by_another_machine_is_sent_again(tmp_path: Path) -> None:
    """If nothing distinguishes a copy, the server's answer does: it shows the other machine's record."""
    async with teaching(tmp_path, "ana") as school:
        async with at_work(school.member("ana"), tmp_path / "old") as old:
            old.progress.add("01", "started")
            await all_sent(old)
        shutil.copytree(tmp_path / "old", tmp_path / "new")
        for machine, exercise in (("old", "02"), ("new", "03")):
            kept = tmp_path / machine / "ana" / "class-told.json"
            here = (tmp_path / machine / "ana" / "progress.jsonl").stat().st_ino
            kept.write_text(json.dumps(json.loads(kept.read_text()) | {"file": here}))
            async with at_work(school.member("ana"), tmp_path / machine) as sender:
                sender.progress.add(exercise, "pass")
                await all_sent(sender)
        assert set((await school.students())["ana"]["cells"]) == {"01", "02", "03"}


async def test_records_are_sent_again_under_other_name(tmp_path: Path) -> None:
    async with teaching(tmp_path, "wrong", "right") as school:
        progress = Progress(tmp_path / "progress.jsonl")
        progress.add("01", "pass")
        for name in ("wrong", "right"):
            sender = Sender(school.member(name), progress)
            running = asyncio.create_task(sender.run())
            await all_sent(sender)
            running.cancel()
            await asyncio.wait([running])
        assert (numbers(school, "wrong"), numbers(school, "right")) == ([1], [1])


async def test_records_are_sent_again_to_new_class_file(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    async with teaching(tmp_path / "first", "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        ana.progress.add("01", "pass")
        ana.progress.add("02", "fail", "c")
        await all_sent(ana)
    async with teaching(tmp_path / "second", "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        async with asyncio.timeout(PATIENCE_S):
            while not (await school.students())["ana"]["cells"].get("02"):
                await asyncio.sleep(0.05)
        assert numbers(school, "ana") == [1, 2]


async def test_sender_runs_in_one_of_two_kernels(tmp_path: Path) -> None:
    """The other stands by, and takes over when the first is gone."""
    async with teaching(tmp_path, "ana") as school:
        async with at_work(school.member("ana"), tmp_path) as first:
            first.progress.add("01", "started")
            await all_sent(first)
            async with at_work(school.member("ana"), tmp_path) as second:
                await asyncio.sleep(0.2)
                assert (first.is_standing_by, second.is_standing_by) == (False, True)
                assert second.client is None
        async with at_work(school.member("ana"), tmp_path) as third:
            third.progress.add("01", "pass")
            await all_sent(third)
        assert numbers(school, "ana") == [1, 2]


async def test_server_restart_is_a_pause(tmp_path: Path) -> None:
    """Records made during either kind of drill arrive afterwards, and none twice."""
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        for kind in ("drill", "crash"):
            ana.progress.add("01", "started")
            await all_sent(ana)
            await school.get(f"/class/{kind}", body=b"")
            ana.progress.add("01", "fail", "c")
            await asyncio.sleep(0.5)
            ana.progress.add("01", "pass")
            await all_sent(ana)
        assert numbers(school, "ana") == list(range(1, 7))
        assert statuses(await school.students(), ["ana"]) == {"ana": {"01": "pass"}}


async def test_code_withdrawn_stops_sender_with_reason(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        member = school.member("ana")
        school.register.enrol(["ana"], renew=True)
        sender = Sender(member, Progress(tmp_path / "progress.jsonl"))
        with pytest.raises(NotAdmitted, match="rejected the code for 'ana'"):
            async with asyncio.timeout(PATIENCE_S):
                await sender.run()


def test_join_in_notebook_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is saved for this user only, shows what it sends, and `leave` undoes it."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            code = school.codes["ana"].upper()
            with pytest.raises(NotAdmitted, match="check both"):
                await asyncio.to_thread(classroom.join, school.url, "wrong-wrong-wrong", "ana")
            assert memberships.membership() is None
            shown = repr(await asyncio.to_thread(classroom.join, school.url, code, "ana", readiness=False))
            assert "ana in class physics: connected" in shown
            assert "Nothing else leaves this machine" in shown
            assert "You can delete this cell" in shown and "delete" not in repr(classroom.status())
            assert stat.S_IMODE((tmp_path / "home" / "class.json").stat().st_mode) == 0o600
            shown = repr(await asyncio.to_thread(classroom.raise_hand, "02-auth"))
            assert "   1 02-auth help" in shown and school.codes["ana"] not in shown and code not in shown
            assert (await school.students())["ana"]["hand"] == "02-auth"
            with pytest.raises(NoExercise):
                await asyncio.to_thread(classroom.raise_hand, "02")
            await asyncio.to_thread(classroom.lower_hand, "02-auth")
            assert (await school.students())["ana"]["hand"] is None
            await asyncio.to_thread(classroom.leave)
            assert "not in a class" in repr(classroom.status())

    try:
        lesson()
    finally:
        joining.leave()


@pytest.mark.parametrize("grades", [False, True])
def test_student_is_asked_before_answers_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grades: bool
) -> None:
    """Only a class that verifies passes asks, and only a student who agreed hands in."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            if grades:
                school.register.begin_to_grade()

            async def join(**more: Any) -> str:
                code = school.codes["ana"]
                joined = await asyncio.to_thread(classroom.join, school.url, code, "ana", readiness=False, **more)
                return repr(joined)

            shown = await join()
            assert ("join(..., graded=True)" in shown, "answer's source, which" in shown) == (grades, False)
            assert not (memberships.read() or Membership("", "", "", "")).graded
            shown = await join(graded=True)
            assert ("join(..., graded=True)" in shown, "answer's source, which" in shown) == (False, grades)
            assert (memberships.read() or Membership("", "", "", "")).graded == grades

    try:
        lesson()
    finally:
        joining.leave()


def test_records_before_joining_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor those between leaving and rejoining; `earlier` sends all of them."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", "right") as school:

            async def join(name: str, **more: Any) -> str:
                return repr(
                    await asyncio.to_thread(
                        classroom.join, school.url, school.codes[name], name, readiness=False, **more
                    )
                )

            Progress().add("01", "fail", "c")
            assert "1 earlier records are not sent" in await join("ana")
            Progress().add("02", "pass")
            school.codes |= school.register.enrol(["ana"], renew=True)
            await join("ana")
            await until_told()
            await asyncio.to_thread(classroom.leave)
            Progress().add("03", "fail", "c")
            await join("ana")
            Progress().add("04", "pass")
            await until_told()
            assert numbers(school, "ana") == [2, 4]
            await join("right")
            assert numbers(school, "right") == []
            await join("right", earlier=True)
            await until_told()
            assert numbers(school, "right") == [1, 2, 3, 4]
            (tmp_path / "home" / "progress.jsonl").unlink()  # begun anew: its numbers are others
            Progress().add("05", "pass")
            async with asyncio.timeout(PATIENCE_S):
                while numbers(school, "right") != [1, 2, 3, 4, 1]:
                    await asyncio.sleep(0.05)

    async def until_told() -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await asyncio.to_thread(classroom.status)).waiting:
                await asyncio.sleep(0.05)

    try:
        lesson()
    finally:
        joining.leave()


def test_class_at_new_address_knows_its_students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that keeps a name belongs to the class, not to its address."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        urls = set()
        async with teaching(tmp_path) as school:
            for url in (school.url, school.url.replace("127.0.0.1", "localhost")):
                assert (
                    await asyncio.to_thread(classroom.join, url, name="ana", readiness=False)
                ).who == "ana in class physics"
                urls.add(url)
            assert (len(urls), school.register.names()) == (2, ["ana"])

    try:
        lesson()
    finally:
        joining.leave()


def test_code_renewed_is_not_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each retry would count as a wrong guess and lock out the student who has the new code."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)
            school.codes |= school.register.enrol(["ana"], renew=True)
            async with asyncio.timeout(PATIENCE_S):
                while "stopped" not in (await asyncio.to_thread(classroom.status)).state:
                    await asyncio.sleep(0.05)
            await asyncio.to_thread(classroom.raise_hand, "02-auth")
            joined = await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)
            assert joined.who == "ana in class physics"

    try:
        lesson()
    finally:
        joining.leave()
        background.forget_deaths()


def test_leave_in_one_kernel_leaves_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", "ben") as school:
            await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)
            memberships.forget()  # as `leave` of another kernel: this one's sender is not asked
            Progress().add("01", "pass")
            await asyncio.sleep(1.0)
            assert numbers(school, "ana") == []
            school.member("ben").keep()  # as `join` of another kernel
            assert (await asyncio.to_thread(classroom.status)).who == "ben in class physics"
            Progress().add("02", "pass")
            async with asyncio.timeout(PATIENCE_S):
                while "02" not in (await school.students())["ben"]["cells"]:
                    await asyncio.sleep(0.05)
            assert numbers(school, "ana") == []

    try:
        lesson()
    finally:
        joining.leave()


async def test_leave_while_offline_sends_nothing_later(tmp_path: Path) -> None:
    is_in = True
    async with teaching(tmp_path, "ana") as school:
        progress = Progress(tmp_path / "progress.jsonl")
        senders = [Sender(school.member("ana"), progress, is_current=lambda: is_in) for _ in range(2)]
        running = [asyncio.create_task(sender.run()) for sender in senders]
        await asyncio.sleep(0.2)
        is_in = False
        async with asyncio.timeout(5):
            await asyncio.gather(*running)
        assert all(sender.client is None or sender.client.state is ClientState.STOPPED for sender in senders)


async def test_captive_portal_is_retried(tmp_path: Path) -> None:
    """A network's page that answers 200 to everything: a join says so, a sender waits for the class."""

    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nPlease log in")
        writer.close()

    async with await asyncio.start_server(portal, "127.0.0.1", 0) as network:
        url = f"ws://127.0.0.1:{network.sockets[0].getsockname()[1]}"
        with pytest.raises(ConnectionError, match="no class responds at"):
            await asyncio.to_thread(classroom.join, url, "code", "ana")
        async with at_work(Membership(url, "ana", "code", CLASS), tmp_path) as ana:
            ana.progress.add("01", "pass")
            await asyncio.sleep(1.0)
            (running,) = [task for task in asyncio.all_tasks() if "Sender.run" in repr(task)]
            assert not running.done() and ana.waiting == 1


def test_join_errors_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="name is empty"):
        classroom.join("ws://localhost:1")
    with pytest.raises(ValueError, match="do not put a secret in a URL"):
        classroom.join("ws://ana:code@localhost:1", name="ana")
    with pytest.raises(ConnectionError, match="no class responds at ws://localhost:1"):
        classroom.join("ws://localhost:1", name="ana")
    assert memberships.membership() is None
