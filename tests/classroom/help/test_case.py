"""A case: shown on the student's machine, sent only after a yes to exactly that, and opened by the instructor."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import msgspec
import pytest

from labkit.bench.ask import ask, basic
from labkit.classroom.cases import MOST_SHOWN, MOST_UNFINISHED, Cases, lines
from labkit.classroom.catalogue import of_course
from labkit.classroom.grading.submission import TooLong, pieces
from labkit.classroom.help.case_notebook import file_name, notebook
from labkit.classroom.help.consent import Consent
from labkit.classroom.posting import packed
from labkit.classroom.register import INSTRUCTOR, help_of
from labkit.course.checking import checked
from labkit.course.exercises import exercise
from labkit.course.failed import Failed, kept
from labkit.course.source import Answer
from labkit.wire.client.client import Client, Refused
from tests.classroom.school import CLASS, PATIENCE_S, School, all_sent, at_work, teaching

ID = "04-validator"
SECRET = "sesame_in_the_cell"
WRONG = Answer(f"def validate(text):\n    {SECRET} = 1\n    return None\n", "validate")
FAILED = Failed(ID, "validate", WRONG.source, 1, "good", "a valid message is returned", "None", ["in: x"], "t")


def events(failed: Failed, student: str = "ana", request: str = "case-1", **more: Any) -> list[dict[str, Any]]:
    head = {"type": "comment", "userId": student, "sentAt": "2026-12-03T09:12:00Z", **more}
    return [{**head, **piece} for piece in pieces(msgspec.to_builtins(failed), request)]


def failing(number: int) -> Failed:
    return msgspec.structs.replace(FAILED, exercise=f"{number:02}")


# What the class makes of the pieces


def test_case_is_read_from_its_pieces_in_any_order() -> None:
    long = msgspec.structs.replace(FAILED, source="é\ud800 = 1\n" * 900)
    cases = Cases()
    for event in reversed(events(long)):
        assert cases.of("ana") == {}
        cases.add(event)
    assert cases.of("ana")[ID].failed.source == "é\ufffd = 1\n" * 900
    assert cases.of("ben") == {}


def test_newest_case_of_an_exercise_counts_and_is_last() -> None:
    cases = Cases()
    for number, failed in enumerate([FAILED, failing(1), msgspec.structs.replace(FAILED, check="rooms")]):
        for event in events(failed, request=f"case-{number}"):
            cases.add(event)
    assert list(cases.of("ana")) == ["01", ID]
    assert cases.of("ana")[ID].failed.check == "rooms"


def test_flood_of_cases_and_halves_is_limited() -> None:
    cases = Cases()
    for number in range(300):
        for event in events(failing(number), request=f"case-{number}"):
            cases.add(event)
        cases.add({"type": "comment", "userId": "ana", "target": f"half-{number} 1/2", "text": "{", "sentAt": ""})
    assert len(cases.of("ana")) == MOST_SHOWN
    assert len(cases._unfinished["ana"]) == MOST_UNFINISHED


@pytest.mark.parametrize("text", ["", "[]", "1", '{"exercise": "x"}', "[" * 900])
def test_comment_that_is_no_case_is_none(text: str) -> None:
    cases = Cases()
    cases.add({"type": "comment", "userId": "ana", "target": "case-1 1/1", "text": text, "sentAt": ""})
    cases.add({"type": "chat", "userId": "ana", "text": "hello"})
    cases.add(events(FAILED, erased=True)[0])
    assert cases.of("ana") == {}


# The yes


def test_only_what_was_shown_last_is_agreed_to(tmp_path: Path) -> None:
    consent = Consent(tmp_path, CLASS, "ana")
    assert not consent.agree(FAILED)
    text = consent.show(FAILED)
    assert [line for line in WRONG.source.splitlines() if line not in text] == []
    changed = msgspec.structs.replace(FAILED, source="x = 2\n")
    assert not consent.agree(changed)
    assert consent.due() == []
    assert consent.agree(FAILED) and consent.agree(FAILED)
    assert [case.failed for case in consent.due()] == [FAILED]
    consent.sent(consent.due()[0].id)
    assert (consent.due(), consent.exercises()) == ([], [ID])


def test_agreement_belongs_to_one_student_of_one_class(tmp_path: Path) -> None:
    consent = Consent(tmp_path, CLASS, "ana")
    consent.show(FAILED)
    consent.agree(FAILED)
    for other in (Consent(tmp_path, CLASS, "ben"), Consent(tmp_path, "other", "ana")):
        assert other.due() == []
        assert not other.agree(FAILED)


def test_case_too_long_to_send_is_refused_at_the_yes(tmp_path: Path) -> None:
    long = msgspec.structs.replace(FAILED, source="x" * 200_000)
    consent = Consent(tmp_path, CLASS, "ana")
    consent.show(long)
    with pytest.raises(TooLong, match="at most 100,000"):
        consent.agree(long)


def test_shown_text_has_every_field_that_is_sent() -> None:
    text = "\n".join(lines(FAILED))
    for value in (ID, "validate", "seed 1", "good", "a valid message is returned", "None", "in: x", "shows     t"):
        assert value in text


# In a class


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.02)


async def hands(school: School) -> list[dict[str, Any]]:
    return list((await school.get("/class/hands"))["hands"])


async def post(school: School, path: str, by: str = INSTRUCTOR, **wish: str) -> Any:
    code = basic(by, school.codes[by])
    return json.loads(await asyncio.to_thread(ask, school.url, path, code, b"", None, None, packed(wish)))


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("*.class.db*"))


async def test_case_leaves_the_machine_after_the_yes_only(tmp_path: Path) -> None:
    """A raised hand alone carries none of it; the yes of a student who was offline is sent later, once."""
    async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
        async with at_work(school.member("ana"), tmp_path) as ana:
            await asyncio.to_thread(checked, exercise(ID), WRONG, 1, ana.progress)
            ana.progress.add(ID, "help")
            await all_sent(ana)
            await asyncio.sleep(0.6)
            assert SECRET.encode() not in stored(tmp_path)
            assert [(one["name"], one["exercise"], one["caseAt"]) for one in await hands(school)] == [("ana", ID, None)]
            failed = kept(ana.progress, ID)
            assert failed is not None
            ana.consent.show(failed)
        assert ana.consent.agree(failed)
        for _ in range(2):
            async with at_work(school.member("ana"), tmp_path) as again:
                await until(lambda again=again: again.consent.due() == [])
                await asyncio.sleep(0.4)
        assert stored(tmp_path).count(SECRET.encode()) >= 1
        case = await school.get(f"/class/case?name=ana&exercise={ID}")
        assert case["lines"] == lines(failed)
        assert len([one for one in await hands(school) if one["caseAt"]]) == 1


async def test_case_is_for_the_instructor_alone(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "eve", catalogue=of_course()) as school:
        async with Client(school.url, await school.ticket("eve")) as eve:
            room = await eve.join(help_of(CLASS))
            assert room.access == "w"
            with pytest.raises(Refused):
                await room.presence()
        for path in ("/class/hands", f"/class/case?name=ana&exercise={ID}"):
            with pytest.raises(HTTPError, match="403"):
                await school.get(path, "eve")
        for path in ("/class/note", "/class/hint"):
            with pytest.raises(HTTPError, match="403"):
                await post(school, path, "eve", name="ana", exercise=ID, text="x")


async def test_hint_sent_is_the_one_after_those_seen(tmp_path: Path) -> None:
    """On the student's machine each fail of the same check shows the next of three, and so does each that was sent."""
    hints = exercise(ID).check("good").usual.hints
    async with (
        teaching(tmp_path, "ana", catalogue=of_course()) as school,
        at_work(school.member("ana"), tmp_path) as ana,
    ):
        ana.progress.add(ID, "fail", "good")
        ana.progress.add(ID, "help")
        await all_sent(ana)
        assert (await hands(school))[0]["hint"] == {"check": "good", "step": 2, "text": hints[1]}
        assert (await post(school, "/class/hint", name="ana", exercise=ID))["step"] == 2
        await until(lambda: ana.news == [f"hint on {ID}: {hints[1]}"])
        assert (await hands(school))[0]["hint"]["step"] == 3
        ana.progress.add(ID, "fail", "good")
        ana.progress.add(ID, "help")
        await all_sent(ana)
        assert (await post(school, "/class/hint", name="ana", exercise=ID))["text"] == hints[2]
        ana.progress.add(ID, "fail", "good")
        await all_sent(ana)
        with pytest.raises(HTTPError, match="409") as refused:
            await post(school, "/class/hint", name="ana", exercise=ID)
        assert "all 3 hints on good have been seen" in refused.value.read().decode()
        ana.progress.add(ID, "fail", "rooms")
        await all_sent(ana)
        assert (await post(school, "/class/hint", name="ana", exercise=ID))["step"] == 2


async def test_hint_is_about_the_cause_that_the_case_shows(tmp_path: Path) -> None:
    other = next(one for one in exercise(ID).misconceptions if one != exercise(ID).check("good").usual)
    failed = msgspec.structs.replace(FAILED, tag=other.tag)
    async with (
        teaching(tmp_path, "ana", catalogue=of_course()) as school,
        at_work(school.member("ana"), tmp_path) as ana,
    ):
        ana.progress.add(ID, "fail", "good")
        ana.progress.add(ID, "help")
        ana.consent.show(failed)
        ana.consent.agree(failed)
        await all_sent(ana)
        await until(lambda: ana.consent.due() == [])
        assert (await hands(school))[0]["hint"]["text"] == other.hints[1]


async def test_note_to_nobody_or_without_text_is_refused(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
        for name, text in (("zoe", "hello"), ("ana", " ")):
            with pytest.raises(HTTPError, match="400"):
                await post(school, "/class/note", name=name, exercise=ID, text=text)
        for path in (f"/class/case?name=ana&exercise={ID}", "/class/case?name=" + quote("zoë"), "/class/case"):
            with pytest.raises(HTTPError, match=r"40[09]"):
                await school.get(path)


# On the instructor's machine


def test_case_opens_as_a_notebook_that_runs_its_check() -> None:
    cases = Cases()
    for event in events(replace_source(f"{WRONG.source}# </script>\n")):
        cases.add(event)
    whole = json.loads(notebook("ana", cases.of("ana")[ID]))
    head, cell, check = whole["cells"]
    assert cell["source"] == f"{WRONG.source}# </script>\n"
    assert "check('04-validator', validate, seed=1)" in check["source"]
    assert all(line in head["source"] for line in lines(FAILED)[:3])
    assert SECRET not in head["source"]


def replace_source(source: str) -> Failed:
    return msgspec.structs.replace(FAILED, source=source)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "näme 2", "con:"])
def test_file_of_a_case_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / file_name(name, "../x")
    assert path.resolve().parent == tmp_path.resolve()
    assert path.suffix == ".ipynb"
