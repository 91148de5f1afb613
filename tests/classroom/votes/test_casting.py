"""Votes through a real class server: each counts once, whatever the network and the server do."""

import asyncio
import json
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from labkit.classroom.register import INSTRUCTOR, votes_of
from labkit.classroom.sending import Sender
from labkit.classroom.votes import casting
from labkit.classroom.votes.outbox import Outbox
from labkit.wire.audit.reading import reading, rows
from labkit.wire.client.client import Client, Refused
from tests.classroom.school import CLASS, School, at_work, teaching
from tests.classroom.votes.polling import PREDICTION, all_answered, choose, post, standing, until
from tests.wire.raw import Raw

NAMES = ("ana", "ben", "zoe")
KEY = PREDICTION.id
SECRET = "s" * 16


async def machines(stack: AsyncExitStack, school: School, folder: Path) -> list[Sender]:
    return [await stack.enter_async_context(at_work(school.member(name), folder)) for name in NAMES]


async def test_prediction_is_opened_by_first_student_and_counted(tmp_path: Path) -> None:
    async with teaching(tmp_path, *NAMES) as school, AsyncExitStack() as stack:
        students = await machines(stack, school, tmp_path)
        students[0].votes.asked(KEY)
        await until(students[0], KEY, lambda told: told.get("state") == "open")
        choose(students, KEY, 0, 1, 1)
        for student in students:
            await until(student, KEY, lambda told: told.get("voted") == 3)
        told = students[1].votes.standing(KEY)[1]
        assert told is not None and (told["state"], told["of"], told["text"]) == ("counting", 3, PREDICTION.text)
        assert "rounds" not in told  # nobody's vote follows the others'
        students[2].votes.measured(KEY, 1)
        await all_answered(*students)
        await post(school, "/class/votes/reveal", question=KEY)
        for student in students:
            await until(student, KEY, lambda told: told.get("state") == "revealed")
        told = students[0].votes.standing(KEY)[1]
        assert told is not None and (told["rounds"][0][:2], told["measured"]) == ([1, 2], 1)


async def test_student_offline_votes_once_when_network_is_back_and_server_restarts_meanwhile(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with teaching(tmp_path, *NAMES) as school:
            port = int(school.url.rpartition(":")[2])
            question = (await post(school, "/class/votes/ask", text="One?", options=["yes", "no"]))["done"]
            async with at_work(school.member("ana"), tmp_path) as ana, at_work(school.member("ben"), tmp_path) as ben:
                choose([ana, ben], question, 0, 0)
                await all_answered(ana, ben)
                choose([ana], question, 1)
                await all_answered(ana)
            assert (await standing(school, question))["missing"] == ["zoe"]
        async with teaching(tmp_path, *NAMES, port=port) as school:
            Outbox(tmp_path / "zoe", CLASS, "zoe").choose(question, 1)  # offline until now
            assert (await standing(school, question))["voted"] == 2
            students = await machines(stack, school, tmp_path)
            await all_answered(*students)
            await until(students[2], question, lambda told: told.get("voted") == 3)
            seen = await standing(school, question)
            assert (seen["rounds"], seen["voted"], seen["of"], seen["missing"]) == ([[1, 2]], 3, 3, [])


async def test_answer_lost_is_sent_again_and_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the vote was closed in between: the student's vote was in time."""
    sent: list[casting.Paper] = []
    true_post = casting.post

    def lossy(member: Any, paper: casting.Paper) -> dict[str, Any]:
        told = true_post(member, paper)
        sent.append(paper)
        if len(sent) == 1:
            raise ConnectionError("the answer was lost")
        return told

    monkeypatch.setattr(casting, "post", lossy)
    async with teaching(tmp_path, *NAMES) as school, at_work(school.member("ana"), tmp_path) as ana:
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        choose([ana], "q1", 1)
        while not sent:
            await asyncio.sleep(0.01)
        await post(school, "/class/votes/close", question="q1")
        await all_answered(ana)
        paper, told = ana.votes.standing("q1")
        assert paper is not None and paper.refused is None
        assert len(sent) == 2 and told is not None and told["rounds"] == [[0, 1]]


async def test_vote_after_close_is_refused_with_sentence_and_second_round_stands_beside_first(tmp_path: Path) -> None:
    async with teaching(tmp_path, *NAMES) as school, AsyncExitStack() as stack:
        ana, ben, zoe = students = await machines(stack, school, tmp_path)
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        choose([ana, ben], "q1", 0, 0)
        await all_answered(ana, ben)
        await post(school, "/class/votes/close", question="q1")
        choose([zoe], "q1", 0)
        await all_answered(zoe)
        paper = zoe.votes.standing("q1")[0]
        assert paper is not None and paper.refused == "the vote on 'One?' is closed, so yours came too late"
        await post(school, "/class/votes/again", question="q1")
        for student in students:
            await until(student, "q1", lambda told: told.get("round") == 2 and told["state"] == "open")
        choose(students, "q1", 1, 0, 1)
        await all_answered(*students)
        assert (await standing(school, "q1"))["rounds"] == [[2, 0], [1, 2]]


async def test_second_machine_of_a_student_does_not_vote_twice(tmp_path: Path) -> None:
    async with teaching(tmp_path, *NAMES) as school:
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        for machine, counted in (
            ("one", None),
            ("two", "ana has already voted on 'One?' from another machine; only one vote counts"),
        ):
            async with at_work(school.member("ana"), tmp_path / machine) as ana:
                choose([ana], "q1", 0)
                await all_answered(ana)
                paper = ana.votes.standing("q1")[0]
                assert paper is not None and paper.refused == counted
        assert (await standing(school, "q1"))["rounds"] == [[1, 0]]


async def test_no_name_stands_beside_a_choice(tmp_path: Path) -> None:
    """In what students receive, in what the board receives, and in the class file."""
    async with teaching(tmp_path, *NAMES) as school, AsyncExitStack() as stack:
        watching = await Raw.enter(school.url, await school.ticket(INSTRUCTOR), votes_of(CLASS))
        eve = await Raw.enter(school.url, await school.ticket("zoe"), votes_of(CLASS))
        students = await machines(stack, school, tmp_path)
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        choose(students, "q1", 0, 1, 1)
        await all_answered(*students)
        await post(school, "/class/votes/reveal", question="q1", measured=0)
        await until(students[0], "q1", lambda told: told.get("state") == "revealed")
        wire = json.dumps(await watching.everything()) + json.dumps(await eve.everything())
        assert '\\"rounds\\":[[1,2]]' in wire  # the control
        assert [name for name in NAMES if name in wire] == []
        with pytest.raises(HTTPError, match="403"):
            await school.get("/class/votes/names")
        with reading(school.path) as file:
            logged = [entry.body or "" for _, entry, _ in rows(file) if entry.room == votes_of(CLASS)]
        assert logged and [name for name in NAMES if name in "".join(logged)] == []
    with closing(sqlite3.connect(school.path)) as file:
        ballots = file.execute("SELECT * FROM ballots").fetchall()
        voted = file.execute("SELECT * FROM voted").fetchall()
    assert len(ballots) == len(voted) == 3
    assert {row[-1] for row in ballots} == {None}
    assert not {row[2] for row in ballots} & {cell for row in voted for cell in row}  # nothing joins the two


async def test_class_that_votes_by_name_tells_its_instructor_only(tmp_path: Path) -> None:
    async with teaching(tmp_path, *NAMES, votes_by_name=True) as school, AsyncExitStack() as stack:
        students = await machines(stack, school, tmp_path)
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        choose(students, "q1", 0, 1, 1)
        await all_answered(*students)
        assert await school.get("/class/votes/names") == {"q1": [[1, "yes", "ana"], [1, "no", "ben"], [1, "no", "zoe"]]}
        with pytest.raises(HTTPError, match="403"):
            await school.get("/class/votes/names", "ana")
        assert "missing" not in await standing(school, "q1", "ana")


async def test_student_cannot_ask_close_or_write_to_the_votes_room(tmp_path: Path) -> None:
    async with teaching(tmp_path, *NAMES) as school:
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        for act in ("ask", "again", "close", "reveal"):
            with pytest.raises(HTTPError, match="403"):
                await post(school, f"/class/votes/{act}", "ana", question="q1", text="Two?", options=["a", "b"])
        async with Client(school.url, await school.ticket("ana")) as ana:
            with pytest.raises(Refused, match="read_only"):
                await (await ana.join(votes_of(CLASS))).comment("q1", '{"rev":1}')
        assert [one["id"] for one in (await school.get("/class/votes"))["questions"]] == ["q1"]


@pytest.mark.parametrize(
    ("ballot", "why"),
    [
        ({"question": "q1", "choice": 2, "secret": SECRET}, "'One?' has no option 3; it offers 2: yes, no"),
        ({"question": "q1", "choice": -1, "secret": SECRET}, "'One?' has no option 0; it offers 2: yes, no"),
        ({"question": "q1", "measured": 7}, "'One?' has no option 8; it offers 2: yes, no"),
        ({"question": "nobody asked", "choice": 0}, "the class has no question 'nobody asked'"),
        ({"question": "q1", "choice": 0}, "the vote's secret has 0 characters"),
        ({"question": "q1", "choice": "yes"}, "the header Vote must be JSON in base64"),
        ({"question": "q1", "round": 2, "choice": 1, "secret": SECRET}, "'One?' has had no vote 2 yet"),
    ],
)
async def test_bad_ballot_is_refused_with_sentence(tmp_path: Path, ballot: dict[str, Any], why: str) -> None:
    async with teaching(tmp_path, *NAMES) as school:
        await post(school, "/class/votes/ask", text="One?", options=["yes", "no"])
        with pytest.raises(HTTPError) as refused:
            await post(school, "/class/vote", "ana", **ballot)
        assert refused.value.read().decode().startswith(why)
        assert (await standing(school, "q1"))["rounds"] == [[0, 0]]
