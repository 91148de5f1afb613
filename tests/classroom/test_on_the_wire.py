"""What leaves a student's machine: a whole session, then a search through the wire and the class file.

Without consent: no code, no output, no cell. With it: what was agreed to, and still no output.
"""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import classroom
from labkit.classroom import joining
from labkit.classroom.catalogue import of_course
from labkit.classroom.help.notes import Notes
from labkit.classroom.solutions import OpenSolutions
from labkit.classroom.votes.box import BallotBox
from labkit.classroom.votes.lessons import predictions
from labkit.course.checking import checked
from labkit.course.exercises import exercise
from labkit.course.source import Answer
from tests.classroom.school import School, teaching
from tests.classroom.wiretap import Tap, decoded, frames, tapped
from tests.course.answers import FOLDER
from tests.wire.raw import on_a_loop, text

ID = "04-validator"
CODE, OUTPUT, ERROR, HOME = "zq_name_in_the_cell", "zq_printed_line", "zq_raised_words", "zq_home_folder"
CELL = f"""
def validate(text):
    {CODE} = 1
    print("zq_printed" + "_line")
    raise ValueError("zq_raised" + "_words")
"""
WRONG = Answer(CELL, "validate")
RIGHT = Answer((FOLDER / ID / "right" / "plain.py").read_text(encoding="utf-8") + f"\n{CODE} = 2\n", "validate")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / HOME))
    yield
    joining.leave()


async def call(function: Any, *arguments: Any, **options: Any) -> str:
    """Call as a cell would, beside the loop; return what the student reads."""
    return repr(await asyncio.to_thread(function, *arguments, **options))


async def session(school: School, tap: Tap, **join: bool) -> None:
    """A student's whole lesson, from joining to leaving. Everything that a class offers is used, except the yes."""
    assert "connected" in await call(classroom.join, tap.url, school.codes["ana"], "ana", **join)
    await call(checked, exercise(ID), WRONG)
    shown = await call(classroom.raise_hand, ID)
    assert CODE in shown
    box, notes = BallotBox(school.path), Notes(school.path)
    box.ask("Which fills first?", ["ours", "the kernel's"])
    assert "1 of" in await call(classroom.vote, "ours")
    lesson = next(iter(predictions().values()))
    prediction = classroom.vote_on(lesson.text, lesson.options)
    assert prediction is not None
    for act in (prediction.ask, lambda: prediction.choose(0), lambda: prediction.measured(1)):
        await call(act)
    notes.add("ana", ID, "note", "count bytes")
    OpenSolutions(school.path).set_here("02-auth")
    async with asyncio.timeout(20):
        while "count bytes" not in (status := await call(classroom.status)) or "catch_up" not in status:
            await asyncio.sleep(0.05)
    await call(classroom.lower_hand, ID)
    await call(checked, exercise(ID), RIGHT)
    await call(classroom.status)


def stored(school: School) -> str:
    return b"".join(path.read_bytes() for path in school.path.parent.glob("*.class.db*")).decode("utf-8", "replace")


def test_without_consent_no_code_no_output_no_cell(tmp_path: Path) -> None:
    """Nor who the machine belongs to. The record of the same fail is there, so the search finds what is sent."""

    @on_a_loop
    async def lesson() -> None:
        async with (
            teaching(tmp_path, "ana", grades=True, catalogue=of_course()) as school,
            tapped(school.url) as tap,
        ):
            await session(school, tap)
            await call(classroom.leave)
            wire, file = tap.text(), stored(school)
        for secret in (CODE, OUTPUT, ERROR, HOME, "def validate", "ValueError", str(tmp_path)):
            assert (secret in wire, secret in file) == (False, False), secret
        machine = re.compile(
            rf"(?<![\w+/=-]){re.escape(socket.gethostname())}(?![\w+/=-])"
        )  # tickets are random letters
        assert (machine.search(wire), machine.search(file)) == (None, None)
        for sent in ('"good"', '"fail"', '"help"', '"pass"', ID):
            assert sent.strip('"') in wire and sent.strip('"') in file
        assert "count bytes" in wire and '"choice"' in wire

    lesson()


def test_with_consent_the_code_goes_and_no_output(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with (
            teaching(tmp_path, "ana", grades=True, catalogue=of_course()) as school,
            tapped(school.url) as tap,
        ):
            await session(school, tap, graded=True, readiness=False)
            await call(checked, exercise(ID), WRONG)
            await call(classroom.raise_hand, ID)
            assert "sent to your instructor" in await call(classroom.send_case, ID)
            wire, file = tap.text(), stored(school)
        for place in (wire, file):
            assert f"{CODE} = 1" in place and f"{CODE} = 2" in place
            assert ERROR in place  # the last error, which was shown with the case
            assert (OUTPUT in place, HOME in place) == (False, False)

    lesson()


def test_tap_reads_masked_frames_and_headers() -> None:
    """The control of the search itself."""
    head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nVote: c2VjcmV0\r\n\r\n"
    long = "x" * 70_000
    whole = head + text({"type": "chat"}) + text({"text": long})
    assert "c2VjcmV0" in head.decode() and b"secret" in list(decoded(whole))
    assert [len(frame) > 60_000 for frame in frames(whole.partition(b"\r\n\r\n")[2])] == [False, True]
    assert long.encode() in list(decoded(whole))[-1]
