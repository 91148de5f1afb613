"""A student votes in a notebook: on the instructor's question, and on a prediction."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labkit import classroom
from labkit.classroom import joining
from labkit.classroom.votes.voting import NO_CLASS, NO_QUESTION
from labkit.views import Prediction
from tests.classroom.school import PATIENCE_S, School, teaching
from tests.classroom.votes.polling import PREDICTION, post, standing
from tests.wire.raw import on_a_loop


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own, in no class before and after."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    InteractiveShell.instance()
    yield
    joining.leave()


async def vote(answer: str | int | None = None) -> str:
    return repr(await asyncio.to_thread(classroom.vote, answer))


async def join(school: School, name: str = "ana") -> str:
    code = school.codes[name]
    return repr(await asyncio.to_thread(classroom.join, school.url, code, name, readiness=False))


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await is_so():
            await asyncio.sleep(0.02)


def test_without_class_a_vote_is_a_sentence_and_a_prediction_leaves_nothing(tmp_path: Path) -> None:
    assert repr(classroom.vote("yes")) == NO_CLASS
    guess = Prediction(PREDICTION.text, PREDICTION.options)
    guess.ask()
    guess.choose(PREDICTION.options[0])
    guess.look()
    assert guess.widget.vote == {"round": 1, "words": "", "counts": []}
    assert not (tmp_path / "home").exists()


def test_question_of_instructor_is_answered_in_a_notebook(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", "ben") as school:
            await join(school)
            assert await vote() == NO_QUESTION
            await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
            assert await vote() == "One?\n  1 ( ) yes\n  2 ( ) no\n0 of 2 have voted"
            assert (await vote("maybe")).startswith("'maybe' is not offered; choose a number or an option:")
            assert (await vote(3)).startswith("3 is not offered")
            assert await vote("NO") == "1 of 2 have voted"
            assert await vote(1) == "1 of 2 have voted"
            assert (await standing(school, "q1"))["rounds"] == [[1, 0]]
            assert "  1 (x) yes" in await vote()
            await post(school, "/class/votes/close", question="q1")
            assert await vote(2) == "the vote on 'One?' is closed, so yours is too late"
            await post(school, "/class/votes/reveal", question="q1", measured=1)
            shown = await vote()
            assert shown == "One?\n  yes: 1 (100 %)\n  no: 0 (0 %) ← measured\n1 of 2 have voted; the vote has ended"

    lesson()


def test_status_says_that_a_question_is_open(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            assert "by name" not in await join(school)
            await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])

            async def is_asked() -> bool:
                return "classroom.vote() shows it" in repr(await asyncio.to_thread(classroom.status))

            await until(is_asked)
            await vote(1)
            assert not await is_asked()

    lesson()


def test_class_that_votes_by_name_says_so_at_join(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", votes_by_name=True) as school:
            assert "the instructor can see who voted what" in await join(school)

    lesson()


def test_class_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await join(school)
        assert (await vote(1)).startswith(f"the class at {school.url} does not answer (")

    lesson()


def test_prediction_shows_how_many_voted_then_the_counts_and_a_second_vote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guess = Prediction(PREDICTION.text, PREDICTION.options)

    async def shows(**wanted: Any) -> None:
        async def is_so() -> bool:
            await asyncio.to_thread(guess.look)
            return all(guess.widget.vote[name] == value for name, value in wanted.items())

        await until(is_so)

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana", "ben") as school:
            await join(school)
            await asyncio.to_thread(guess.ask)
            await shows(words="0 of 2 have voted", counts=[])
            await asyncio.to_thread(guess.choose, PREDICTION.options[1])
            await shows(words="1 of 2 have voted", counts=[])
            await post(school, "/class/votes/again", question=PREDICTION.id)
            await shows(words="0 of 2 have voted in the second vote", round=2)
            await asyncio.to_thread(guess.choose, PREDICTION.options[0])
            await shows(words="1 of 2 have voted in the second vote", counts=[])
            await asyncio.to_thread(guess.compare, PREDICTION.options[0])
            await asyncio.to_thread(guess.choose, PREDICTION.options[1])  # with the answer on the screen
            await until(lambda: _has(school, "measured", None))
            await post(school, "/class/votes/reveal", question=PREDICTION.id)
            await shows(words="1 of 2 have voted in the second vote; the vote has ended")
            assert guess.widget.vote["counts"][:2] == [
                f"{PREDICTION.options[0]}: 0 (0 %), then 1 (100 %) ← measured",
                f"{PREDICTION.options[1]}: 1 (100 %), then 0 (0 %)",
            ]

    lesson()
    assert "Measured: " in capsys.readouterr().out


async def _has(school: School, field: str, value: object) -> bool:
    sender = joining._now
    return (
        sender is not None and not sender[0].votes.due() and (await standing(school, PREDICTION.id)).get(field) == value
    )


def test_prediction_that_is_in_no_lesson_stays_on_the_machine(tmp_path: Path) -> None:
    """The projector shows the course's texts and the instructor's, and nobody else's."""

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await join(school)
            guess = Prediction("Is the exam cancelled?", ["yes", "no"])
            await asyncio.to_thread(guess.ask)
            await asyncio.to_thread(guess.choose, "yes")
            assert await asyncio.to_thread(lambda: joining._now and joining._now[0].votes.due()) == []
            assert (await school.get("/class/votes"))["questions"] == []

    lesson()
