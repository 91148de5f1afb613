"""Ten ways to forge a pass in a class that verifies: each is told by its sentence, beside an honest pass that counts.

Each forgery is made as a student would make it: with labkit's own check where it can be fooled, with an editor, or by
hand on the wire.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.classroom.grading import verifying
from labkit.classroom.grading.verifying import NO_ANSWER, verify
from labkit.classroom.register import answers_of, room_of
from labkit.classroom.sending import Sender
from labkit.course import checking, passed
from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.result import Result
from labkit.course.source import Answer, of_file
from tests.classroom.school import CLASS, School, all_sent, at_work, teaching
from tests.course.answers import FOLDER
from tests.wire.raw import Raw

RULE = exercise("04-validator")
RIGHT = Answer((FOLDER / RULE.id / "right" / "plain.py").read_text(encoding="utf-8"), RULE.answer)
OTHER = Answer((FOLDER / RULE.id / "right" / "table.py").read_text(encoding="utf-8"), RULE.answer)
WRONG = Answer("def validate(text):\n    return None\n", RULE.answer)
SOLUTION = of_file(original() / "solutions" / f"{RULE.id}.ipynb", RULE.answer)
ODD = f"""{OTHER.source}

inner = validate


def validate(text):
    message = inner(text)
    return None if message is not None and message.get("percent") == 42 else message
"""
HONEST, FORGER = "ana", "eve"
Forge = Callable[[School, Path, pytest.MonkeyPatch], Awaitable[object]]


@asynccontextmanager
async def machine(school: School, folder: Path, name: str, *, graded: bool = True) -> AsyncIterator[Progress]:
    """A student's machine that is offline while something is done to it, and sends all of it afterwards."""
    path = folder / name / "progress.jsonl"
    path.parent.mkdir(exist_ok=True)
    yield Progress(path)
    async with at_work(replace(school.member(name), graded=graded), folder) as sender:
        await all_sent(sender)


async def check(progress: Progress, answer: Answer, seed: int = 1) -> Result:
    """What `labkit.check` does in a cell."""
    return await asyncio.to_thread(checking.checked, RULE, answer, seed, progress)


async def honest_pass(school: School, folder: Path) -> None:
    async with machine(school, folder, HONEST) as progress:
        assert (await check(progress, RIGHT)).verdict == "pass"


# What a forger does


async def edited_progress_file(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    async with machine(school, folder, FORGER) as progress:
        progress.add(RULE.id, "pass")


async def replayed_record(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    """The honest student's request, heard somehow, and sent as the forger's own."""
    progress = Progress(folder / HONEST / "progress.jsonl")
    sender = Sender(school.member(HONEST), progress)
    record = progress.records()[-1]
    request = f"{sender._cursor.device}-{record['n']}"
    eve = await Raw.enter(school.url, await school.ticket(FORGER), room_of(CLASS), answers_of(CLASS))
    said = {name: value for name, value in record.items() if value is not None}
    eve.say(type="exercise", roomId=room_of(CLASS), requestId=request, **said)
    await eve.everything()


async def others_code(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    async with machine(school, folder, FORGER) as progress:
        copied = Answer(f"# by me\n\n{RIGHT.source}".replace("\n", "\n\n"), RIGHT.name)
        assert (await check(progress, copied)).verdict == "pass"


async def source_changed_after_the_pass(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    async with machine(school, folder, FORGER) as progress:
        assert (await check(progress, OTHER)).verdict == "pass"
        (path,) = (folder / FORGER / passed.FOLDER).iterdir()
        kept = json.loads(path.read_text())
        path.write_text(json.dumps(kept | {"source": kept["source"].replace("8192", "9000")}))


async def judge_patched_in_the_kernel(school: School, folder: Path, patch: pytest.MonkeyPatch) -> None:
    async def kind(*_: object, **__: object) -> Result:
        return Result(RULE, "pass", ())

    with patch.context() as kernel:
        kernel.setattr(checking, "judge", kind)
        async with machine(school, folder, FORGER) as progress:
            assert (await check(progress, WRONG)).verdict == "pass"


async def clock_set_back(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    """A copy that is dated before its original: what counts is when the class received it."""
    async with machine(school, folder, FORGER) as progress:
        n = progress.add(RULE.id, "pass")["n"]
        passed.keep(progress, n, RULE.id, RIGHT)
        record = json.loads(progress.path.read_text()) | {"at": "2020-01-01T09:00:00.000+00:00"}
        progress.path.write_text(json.dumps(record) + "\n")


async def renamed_student(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    """The same work a second time, under another name."""
    shutil.copytree(folder / HONEST, folder / FORGER)
    (folder / FORGER / "class-told.json").unlink()
    async with machine(school, folder, FORGER):
        pass


async def solution_pasted(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    async with machine(school, folder, FORGER) as progress:
        pasted = Answer(SOLUTION.source.replace("\n", "\n\n# mine\n"), SOLUTION.name)
        assert (await check(progress, pasted)).verdict == "pass"


async def record_of_another_seed(school: School, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A wrong answer, checked with one seed after the other until one does not see the fault. The class has its own."""
    verdicts = {}
    for seed in range(40):
        verdicts[(await judge(RULE, ODD, seed=seed)).verdict] = seed
        if {"pass", "fail"} <= set(verdicts):
            break
    async with machine(school, folder, FORGER) as progress:
        assert (await check(progress, Answer(ODD, RULE.answer), verdicts["pass"])).verdict == "pass"
    patch.setattr(verifying.secrets, "randbelow", lambda _: verdicts["fail"])


async def result_without_source(school: School, folder: Path, _: pytest.MonkeyPatch) -> None:
    async with machine(school, folder, FORGER, graded=False) as progress:
        assert (await check(progress, OTHER)).verdict == "pass"


FAILS_HERE = "judged again here, it fails"
OF_THE_HONEST = f"the answer is a copy of {HONEST}'s"
FORGERIES: dict[str, tuple[Forge, str]] = {
    "edited progress file": (edited_progress_file, NO_ANSWER),
    "replayed record": (replayed_record, NO_ANSWER),
    "other's code": (others_code, OF_THE_HONEST),
    "changed source after pass": (source_changed_after_the_pass, f"{FAILS_HERE} size: "),
    "judge patched in the kernel": (judge_patched_in_the_kernel, f"{FAILS_HERE} good: "),
    "clock": (clock_set_back, OF_THE_HONEST),
    "renamed student": (renamed_student, OF_THE_HONEST),
    "solution pasted": (solution_pasted, "the answer is a copy of our solution"),
    "record of another seed": (record_of_another_seed, FAILS_HERE),
    "result without source": (result_without_source, NO_ANSWER),
}


def test_forgeries_are_ten() -> None:
    assert len({forge for forge, _ in FORGERIES.values()}) == 10


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_forgery_is_not_verified_and_told(tmp_path: Path, forgery: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forge, sentence = FORGERIES[forgery]
    async with teaching(tmp_path, HONEST, FORGER, grades=True) as school:
        await honest_pass(school, tmp_path)
        await forge(school, tmp_path, monkeypatch)
        found = {claim.student: verdict async for claim, verdict in verify(school.path, CLASS)}
    assert found[HONEST] == ("verified", "")
    told = found[FORGER]
    assert told is not None
    assert (told.standing, told.why[: len(sentence)]) == ("not verified", sentence)
