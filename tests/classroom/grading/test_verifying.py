"""Passes that students report to a real class, and what the class makes of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit.classroom.grading import verifying
from labkit.classroom.grading.submission import pieces
from labkit.classroom.grading.verdicts import Verdict, Verdicts
from labkit.classroom.grading.verifying import NO_ANSWER, accept, verify
from labkit.classroom.register import answers_of, room_of
from labkit.classroom.sending import Sender
from labkit.course import passed
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercise
from labkit.course.judging import not_done
from labkit.course.paths import original
from labkit.course.result import CheckResult, Result
from labkit.course.source import Answer, of_file
from tests.classroom.school import CLASS, School, all_sent, at_work, teaching
from tests.course.answers import FOLDER
from tests.wire.raw import Raw

ID, NAME = "04-validator", exercise("04-validator").answer
RIGHT = (FOLDER / ID / "right" / "plain.py").read_text(encoding="utf-8")
OTHER = (FOLDER / ID / "right" / "table.py").read_text(encoding="utf-8")
SOLUTION = of_file(original() / "solutions" / f"{ID}.ipynb", NAME).source
WRONG = RIGHT.replace("def ", "# mine\ndef ", 1) + f"\n\ndef {NAME}(*given):\n    return None\n"


@asynccontextmanager
async def student(school: School, folder: Path, name: str, *, graded: bool = True) -> AsyncIterator[Sender]:
    """A machine of a student who agreed to be graded, or did not."""
    async with at_work(replace(school.member(name), graded=graded), folder) as sender:
        yield sender


def report(sender: Sender, source: str | None, *, of: str = ID) -> int:
    """What a check does that passes; without a source, what an edited progress file looks like."""
    n = sender.progress.add(ID, "pass")["n"]
    if source is not None:
        passed.keep(sender.progress, n, of, Answer(source, NAME))
    return n


async def verdicts(school: School) -> dict[str, Verdict | None]:
    """The new verdicts, by student."""
    return {claim.student: verdict async for claim, verdict in verify(school.path, CLASS)}


async def verdict_on(tmp_path: Path, source: str | None, *, of: str = ID, graded: bool = True) -> Verdict | None:
    """What the class makes of the pass of one student."""
    async with teaching(tmp_path, "ana", grades=True) as school:
        async with student(school, tmp_path, "ana", graded=graded) as ana:
            report(ana, source, of=of)
            await all_sent(ana)
        return (await verdicts(school))["ana"]


@pytest.mark.parametrize("source", [RIGHT, OTHER], ids=["plain", "table"])
async def test_right_answer_is_verified(tmp_path: Path, source: str) -> None:
    assert await verdict_on(tmp_path, source) == ("verified", "")


FORGED = {  # what is reported, and what the class says
    "an edited progress file": (None, ID, True, NO_ANSWER),
    "no consent": (RIGHT, ID, False, NO_ANSWER),
    "a judge patched in the kernel": (WRONG, ID, True, "judged again here, it fails"),
    "a source changed after the pass": (RIGHT.replace("return", "return not"), ID, True, "judged again here, it fails"),
    "an answer to another exercise": (RIGHT, "02-auth", True, "its answer is for 02-auth"),
    "our solution": (SOLUTION, ID, True, "a copy of our solution"),
    "our solution, with comments": (SOLUTION.replace("\n", "\n# I wrote this\n"), ID, True, "a copy of our solution"),
    "no program": ("{", ID, True, "judged again here, it fails"),
    "a program that ends its process": ("import os\nos._exit(0)\n", ID, True, "judged again here, it fails"),
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_forged_pass_is_not_verified(tmp_path: Path, forgery: str) -> None:
    source, of, graded, why = FORGED[forgery]
    verdict = await verdict_on(tmp_path, source, of=of, graded=graded)
    assert verdict is not None
    assert (verdict.standing, why in verdict.why) == ("not verified", True), verdict


async def test_somebody_elses_answer_is_not_verified(tmp_path: Path) -> None:
    """Comments and layout do not make it another one; under a second name it is the first student's, too."""
    async with teaching(tmp_path, "ana", "ben", "ana-2", grades=True) as school:
        for name, source in (("ana", RIGHT), ("ben", "# mine\n\n" + RIGHT), ("ana-2", RIGHT)):
            async with student(school, tmp_path, name) as sender:
                report(sender, source)
                await all_sent(sender)
        found = await verdicts(school)
    assert found["ana"] == ("verified", "")
    assert found["ben"] == found["ana-2"] == ("not verified", "the answer is a copy of ana's")


async def test_replayed_pass_is_not_verified(tmp_path: Path) -> None:
    """Eve knows ana's request and sends it as her own, with pieces that she makes up: she is who the server says."""
    async with teaching(tmp_path, "ana", "eve", grades=True) as school:
        async with student(school, tmp_path, "ana") as ana:
            n = report(ana, RIGHT)
            await all_sent(ana)
            request = f"{ana._cursor.device}-{n}"
        eve = await Raw.enter(school.url, await school.ticket("eve"), room_of(CLASS), answers_of(CLASS))
        record = {"type": "exercise", "exercise": ID, "status": "pass", "at": 1, "n": n, "requestId": request}
        eve.say(roomId=room_of(CLASS), **record)
        stolen = passed.Passed(exercise=ID, name=NAME, source=WRONG)
        for piece in pieces(stolen, request)[:1]:
            eve.say(type="comment", roomId=answers_of(CLASS), **piece)
        await eve.everything()
        found = await verdicts(school)
    assert found == {"ana": ("verified", ""), "eve": ("not verified", NO_ANSWER)}


async def test_claim_is_judged_once_and_a_later_pass_counts(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", grades=True) as school, student(school, tmp_path, "ana") as ana:
        report(ana, WRONG)
        await all_sent(ana)
        assert (await verdicts(school))["ana"] != ("verified", "")
        assert await verdicts(school) == {}
        report(ana, RIGHT)
        await all_sent(ana)
        assert await verdicts(school) == {"ana": ("verified", "")}
        report(ana, None)
        await all_sent(ana)
        assert await verdicts(school) == {"ana": ("not verified", NO_ANSWER)}
        assert Verdicts(school.path).of_students() == {("ana", ID): ("verified", "")}


async def test_answer_that_cannot_be_judged_now_is_judged_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_busy(asked: object, *_: object, **__: object) -> object:
        return not_done(exercise(ID), "too busy")

    async with teaching(tmp_path, "ana", grades=True) as school:
        async with student(school, tmp_path, "ana") as ana:
            report(ana, RIGHT)
            await all_sent(ana)
        with monkeypatch.context() as busy:
            busy.setattr(verifying, "judge", too_busy)
            assert await verdicts(school) == {"ana": None}
        assert await verdicts(school) == {"ana": ("verified", "")}


def judging(*verdicts: str) -> tuple[Any, list[int]]:
    """A judge that gives these verdicts one after another, and the seeds it was given."""
    seeds: list[int] = []

    async def judge(asked: Exercise, source: str, *, name: str, seed: int) -> Result:
        verdict: Any = verdicts[len(seeds)]
        seeds.append(seed)
        return Result(asked, verdict, (CheckResult("good", verdict, "accepted", "refused one of 40"),))

    return judge, seeds


@pytest.mark.parametrize(
    ("judgements", "standing"),
    [
        (("pass", "pass", "pass"), "verified"),
        (("pass", "pass", "fail"), "not verified"),
        (("inconclusive", "fail"), "not verified"),
        (("pass", "inconclusive", "pass"), None),
    ],
)
async def test_answer_is_verified_if_each_of_three_seeds_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judgements: tuple[str, ...], standing: str | None
) -> None:
    """A flaw that one seed in three shows is found, and the sentence says with which seed to see it."""
    judge, seeds = judging(*judgements)
    monkeypatch.setattr(verifying, "judge", judge)
    verdict = await verdict_on(tmp_path, RIGHT)
    assert (verdict and verdict.standing) == standing
    assert len(set(seeds)) == len(judgements)
    if standing == "not verified":
        assert verdict == (standing, f"judged again here, it fails good: refused one of 40 (seed {seeds[-1]})")


async def test_instructor_accepts_by_hand(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", grades=True) as school:
        async with student(school, tmp_path, "ana") as ana:
            report(ana, None)
            await all_sent(ana)
        await verdicts(school)
        assert accept(school.path, CLASS, "ben", ID) == 0
        assert accept(school.path, CLASS, "ana", ID) == 1
        assert Verdicts(school.path).of_students()["ana", ID].standing == "verified"
        assert await verdicts(school) == {}


async def test_without_consent_no_source_leaves_the_machine(tmp_path: Path) -> None:
    """Neither in the class file nor in its write-ahead log; with consent it is there, so the search can find it."""
    found = {}
    for graded in (False, True):
        folder = tmp_path / str(graded)
        folder.mkdir()
        async with teaching(folder, "ana", grades=True) as school:
            async with student(school, folder, "ana", graded=graded) as ana:
                report(ana, RIGHT)
                await all_sent(ana)
            written = b"".join(path.read_bytes() for path in folder.glob("*.class.db*"))
        found[graded] = f"def {NAME}".encode() in written
    assert found == {False: False, True: True}


async def test_other_students_cannot_read_an_answer(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "eve", grades=True) as school:
        eve = await Raw.enter(school.url, await school.ticket("eve"), answers_of(CLASS))
        async with student(school, tmp_path, "ana") as ana:
            report(ana, RIGHT)
            await all_sent(ana)
        assert [message for message in await eve.everything() if "def " in json.dumps(message)] == []
