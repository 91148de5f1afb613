"""Removing one student's data: nothing that the student sent is left in the class file, the board or an export."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from labkit.classroom.catalogue import of_course
from labkit.classroom.drill import Drill, note_drill, read_drill
from labkit.classroom.forgetting import BESIDE, TABLES, forget
from labkit.classroom.grading.claims import claims
from labkit.classroom.grading.verdicts import Verdicts
from labkit.classroom.help.notes import Notes
from labkit.classroom.reached import Mark, Reached
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import open_register
from labkit.classroom.sending import Sender
from labkit.classroom.solutions import OpenSolutions
from labkit.classroom.votes.box import BallotBox, Vote
from labkit.cli import main
from labkit.course import passed
from labkit.course.progress import Progress
from labkit.course.source import Answer
from labkit.wire.audit.erasing import erase
from labkit.wire.audit.schema import AuditError
from labkit.wire.audit.verify import verify
from labkit.wire.client.client import Stopped
from tests.classroom.help.test_case import FAILED
from tests.classroom.school import CLASS, School, all_sent, at_work, teaching

ID = FAILED.exercise
MINE, OTHERS = "zqx_own_words", "zqx_others_words"


async def lesson(school: School, folder: Path, name: str, word: str) -> None:
    """Everything that a class may know of a student, with a word that can be found."""
    member = replace(school.member(name), graded=True)
    async with at_work(member, folder) as sender:
        sender.progress.add(ID, "fail", f"check-{word}")
        n = sender.progress.add(ID, "pass")["n"]
        passed.keep(sender.progress, n, ID, Answer(f"def {word}(): ...\n", word))
        case = msgspec.structs.replace(FAILED, source=f"{word} = 1\n")
        sender.consent.show(case)
        sender.consent.agree(case)
        await all_sent(sender)
        async with asyncio.timeout(20):
            while sender.consent.due():
                await asyncio.sleep(0.02)
    box = BallotBox(school.path)
    box.cast(name, Vote("q1", 1, 0, f"the own secret of {name}"), by_name=True)
    box.report(name, "q1", 1)
    Reached(school.path).note(name, "p1", Mark.VOTED)
    Notes(school.path).add(name, ID, "note", f"about {word}")
    for claim in claims(school.path, CLASS):
        Verdicts(school.path).add(claim, "not verified", f"because {word}" if claim.student == name else "")


async def whole_class(folder: Path) -> Path:
    """The file of a class that is over, with two students."""
    async with teaching(folder, "ana", "ben", grades=True, votes_by_name=True, catalogue=of_course()) as school:
        BallotBox(school.path).ask("Which?", ["one", "two"])
        await lesson(school, folder, "ana", MINE)
        await lesson(school, folder, "ben", OTHERS)
        OpenSolutions(school.path).set_here("")
        note_drill(school.path, Drill("drain", 1.0, 0, ("ana", "ben"), None))
        return school.path


def stored(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def rows_with(path: Path, name: str) -> list[str]:
    """The tables, other than the log, in which a name stands."""
    with closing(sqlite3.connect(path)) as file:
        tables = [table for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            table
            for table in tables
            if table not in ("log", "meta")
            and any(name in map(str, row) for row in file.execute(f"SELECT * FROM {table}"))
        ]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["class", *arguments])


async def test_forgotten_student_leaves_nothing_but_a_name(tmp_path: Path) -> None:
    """The log verifies as before, the others' data is whole, and the counts of a vote are the same."""
    path = await whole_class(tmp_path)
    assert MINE.encode() in stored(path)
    assert {*TABLES, "ballots"} - set(rows_with(path, "ana")) == set()
    found = forget(path, CLASS, "ANA")
    assert found.names == ["ana"] and found.texts >= 4 and found.rows >= 5
    assert MINE.encode() not in stored(path)
    assert rows_with(path, "ana") == ["renewals"]  # a server that starts later ends the session by it
    assert OTHERS.encode() in stored(path)
    assert verify(path).is_intact
    record = ClassRecord(path, CLASS, of_course().exercises)
    record.catch_up()
    assert list(record.board.students) == ["ben"]
    assert (record.cases.of("ana"), list(record.cases.of("ben"))) == ({}, [ID])
    assert [claim.student for claim in claims(path, CLASS)] == ["ben"]
    assert [student for student, _ in Verdicts(path).of_students()] == ["ben"]
    assert (Notes(path).of("ana"), len(Notes(path).of("ben"))) == ([], 1)
    (tally,) = BallotBox(path).tallies()
    assert (tally.rounds, tally.voters) == (((2, 0),), {"ben"})
    assert BallotBox(path).of_names("q1") == [(1, "one", "ben")]
    assert [name for name, *_ in Reached(path).since(0)[1]] == ["ben"]
    drill = read_drill(path)
    assert drill is not None and drill.drill.users == ("ben",)


async def test_forgotten_student_is_in_no_export_and_no_board(tmp_path: Path) -> None:
    path = await whole_class(tmp_path)
    files = (CLASS, "--file", str(path))
    assert "ana" in run("export", *files, "--csv").output
    done = run("remove", *files, "Ana", "--erase")
    assert (done.exit_code, done.output.startswith("erased: ana (")) == (0, True), done.output
    for form in ("--csv", "--json", "--gradebook"):
        shown = run("export", *files, form).output
        assert "ben" in shown and "ana" not in shown
    for verb in ("board", "help", "vote"):
        assert "ana" not in run(verb, *files).output.replace("ana lysis", "")
    assert run("help", *files, "ana").exit_code == 2


async def test_student_forgotten_while_the_class_runs_is_gone_at_once(tmp_path: Path) -> None:
    """Also from the server's memory of the board and of the cases; the same name may begin anew."""
    async with teaching(tmp_path, "ana", "ben", grades=True, votes_by_name=True, catalogue=of_course()) as school:
        BallotBox(school.path).ask("Which?", ["one", "two"])
        await lesson(school, tmp_path, "ana", MINE)
        assert ID in (await school.students())["ana"]["cells"]
        ana = Sender(school.member("ana"), Progress(tmp_path / "again" / "progress.jsonl"))
        running = asyncio.create_task(ana.run())
        ana.progress.add(ID, "started")
        await all_sent(ana)
        await asyncio.to_thread(forget, school.path, CLASS, "ana")
        with pytest.raises(Stopped, match="4410"):
            await running
        assert list(await school.students()) == ["ben"]
        assert (await school.get("/class/hands"))["hands"] == []
        school.codes |= school.register.enrol(["ana"])
        assert (await school.students())["ana"]["cells"] == {}
        async with at_work(school.member("ana"), tmp_path / "new") as ana:
            ana.progress.add("02-auth", "pass")
            await all_sent(ana)
            assert list((await school.students())["ana"]["cells"]) == ["02-auth"]
    assert MINE.encode() not in stored(school.path)
    assert verify(school.path).is_intact


async def test_name_that_the_class_does_not_know_is_told(tmp_path: Path) -> None:
    path = await whole_class(tmp_path)
    for name in ("zoe", "instructor"):
        done = run("remove", CLASS, "--file", str(path), name, "--erase")
        assert (done.exit_code, f"has no student '{name}'" in done.output) == (2, True), done.output


async def test_removed_student_is_erased_later(tmp_path: Path) -> None:
    path = await whole_class(tmp_path)
    files = (CLASS, "--file", str(path))
    assert run("remove", *files, "ana").exit_code == 0
    assert MINE.encode() in stored(path)
    assert run("remove", *files, "ana", "--erase").exit_code == 0
    assert MINE.encode() not in stored(path)


def test_class_file_is_not_erased_as_a_plain_log(tmp_path: Path) -> None:
    """Its tables would keep what the log has lost."""
    path = tmp_path / "c.db"
    open_register(path, CLASS).enrol(["ana"])
    with pytest.raises(AuditError, match="class remove --erase"):
        erase(path, "ana")


async def test_every_table_of_a_class_is_known_to_forgetting(tmp_path: Path) -> None:
    """A new table with a student's name must be added to it, or erasing is refused."""
    path = await whole_class(tmp_path)
    OpenSolutions(path).open(["02-auth"])
    with closing(sqlite3.connect(path)) as file:
        tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"meta", "log", "room_index", "carried"} - BESIDE == set()
    assert json.dumps(sorted(tables & set(TABLES))) == json.dumps(sorted(TABLES))
