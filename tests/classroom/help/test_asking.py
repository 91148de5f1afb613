"""`classroom.raise_hand` and `classroom.send_case` as a student calls them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import classroom
from labkit.classroom import joining
from labkit.classroom.catalogue import of_course
from labkit.course.checking import checked
from labkit.course.exercises import NoExercise, exercise
from labkit.course.progress import Progress
from labkit.course.source import Answer
from tests.classroom.school import School, teaching
from tests.wire.raw import on_a_loop

ID = "04-validator"
FIRST = Answer("def validate(text):\n    return 'first'\n", "validate")
SECOND = Answer("def validate(text):\n    return 'second'\n", "validate")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    yield
    joining.leave()


async def joined(school: School) -> None:
    await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)


async def fail(answer: Answer) -> None:
    await asyncio.to_thread(checked, exercise(ID), answer)


async def asked() -> str:
    return repr(await asyncio.to_thread(classroom.raise_hand, ID))


async def sent() -> str:
    """What the cell shows: lines, not a text in quotes."""
    return repr(await asyncio.to_thread(classroom.send_case, ID))


def test_raised_hand_shows_exactly_what_the_yes_sends(tmp_path: Path) -> None:
    """An answer that has changed since is shown again first; without a failed check, there is nothing to show."""

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
            await joined(school)
            assert "send_case" not in await asked()
            assert await sent() == f"no check of {ID} fails here, so there is nothing to send"
            await fail(FIRST)
            shown = await asked()
            assert f"run classroom.send_case({ID!r})" in shown and "return 'first'" in shown
            await fail(SECOND)
            refused = await sent()
            assert refused.startswith("Not sent, because you have not seen it yet or it has changed.")
            assert "return 'second'" in refused
            assert [one["caseAt"] for one in (await school.get("/class/hands"))["hands"]] == [None]
            assert await sent() == f"sent to your instructor: the case of {ID}"
            case = await school.get("/class/case?name=ana")
            assert "\n".join(case["lines"]) in refused
            assert f"Sent because you agreed: the case of {ID}." in repr(await asyncio.to_thread(classroom.status))

    lesson()


def test_yes_without_a_raised_hand_raises_it(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
            await joined(school)
            await fail(FIRST)
            await sent()
            await sent()
            assert (await school.students())["ana"]["hand"] == ID
            await sent()
            assert [record["status"] for record in Progress().records()] == ["fail", "help"]

    lesson()


def test_case_of_an_offline_student_waits(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
            await joined(school)
            await fail(FIRST)
            await asked()
        assert "is waiting on this machine" in await sent()

    lesson()


def test_outside_a_class_a_case_goes_nowhere(tmp_path: Path) -> None:
    checked(exercise(ID), FIRST)
    assert "send_case" not in repr(classroom.raise_hand(ID))
    assert repr(classroom.send_case(ID)) == "this working copy is in no class, so there is nobody to send it to"
    with pytest.raises(NoExercise):
        classroom.send_case("04")


def test_case_too_long_says_so(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", catalogue=of_course()) as school:
            await joined(school)
            await fail(Answer(FIRST.source + f"TEXT = {'x' * 110_000!r}\n", "validate"))
            await asked()
            assert (await sent()).startswith("not sent: the answer takes")

    lesson()
