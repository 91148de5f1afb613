"""Catch up to here: a student who fell behind gets the state of the lesson, and keeps what was written."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner, Result

from labkit import classroom
from labkit.bench.ask import ask, basic
from labkit.classroom import joining
from labkit.classroom.catching_up import NO_CLASS, NO_PASS, NO_PLACE
from labkit.classroom.posting import packed
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.solutions import HAS_NONE, OpenSolutions, from_class, here_of_class, up_to
from labkit.cli import main
from labkit.course.copying import prepare
from labkit.course.exercises import exercise, exercises
from labkit.course.judging import judge
from labkit.course.learner_files import fill
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.solutions import solution, solution_cell
from labkit.course.source import of_file
from tests.classroom.school import CLASS, School, at_work, teaching
from tests.wire.raw import on_a_loop

FIRST, SECOND, HERE, LATER = list(exercises())[:4]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working copy, and the learner in it."""
    prepare(original(), tmp_path / "copy")
    monkeypatch.delenv("LABKIT_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "copy")
    yield tmp_path / "copy"
    joining.leave()


async def joined(school: School) -> None:
    await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)


async def caught_up(*ids: str) -> str:
    return repr(await asyncio.to_thread(classroom.catch_up, *ids))


def path_of(copy: Path, exercise_id: str) -> Path:
    return copy / "exercises" / f"{exercise_id}.ipynb"


def source_of(copy: Path, exercise_id: str) -> str:
    return of_file(path_of(copy, exercise_id), exercise(exercise_id).answer).source


def test_student_behind_gets_what_is_missing_and_keeps_the_rest(copy: Path, tmp_path: Path) -> None:
    """Passed exercises and those after the place stay; a second call changes nothing."""
    saved = copy / "exercises" / ".saved"
    before = {one: path_of(copy, one).read_bytes() for one in exercises()}
    Progress().add(FIRST, "pass")

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await joined(school)
            assert await caught_up() == NO_PLACE
            OpenSolutions(school.path).set_here(HERE)
            done = await caught_up()
            assert f"{FIRST}: you have passed it, so it stays as it is" in done
            assert done.endswith(NO_PASS)
            for one in (SECOND, HERE):
                assert source_of(copy, one) == solution(exercise(one))
                assert (saved / f"{one}-1.ipynb").read_bytes() == before[one]
                assert str(saved / f"{one}-1.ipynb") in done
            assert path_of(copy, FIRST).read_bytes() == before[FIRST]
            assert path_of(copy, LATER).read_bytes() == before[LATER]
            await caught_up()
            assert len(list(saved.iterdir())) == 2
            assert [record["status"] for record in Progress().records()] == ["pass"]

    lesson()


def test_student_behind_may_choose_one_exercise(copy: Path, tmp_path: Path) -> None:
    before = path_of(copy, FIRST).read_bytes()

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await joined(school)
            OpenSolutions(school.path).set_here(HERE)
            assert LATER in await caught_up(LATER)
            path_of(copy, SECOND).unlink()
            await caught_up(SECOND)
            assert source_of(copy, SECOND) == solution(exercise(SECOND))
            assert path_of(copy, FIRST).read_bytes() == before

    lesson()


def test_outside_a_class_nothing_is_filled(copy: Path) -> None:
    assert repr(classroom.catch_up()) == NO_CLASS


def test_class_that_does_not_answer_is_told(copy: Path, tmp_path: Path) -> None:
    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, "ana") as school:
            await joined(school)
        assert (await caught_up()).startswith("could not catch up: ")

    lesson()


@pytest.mark.parametrize("exercise_id", list(exercises()))
async def test_filled_exercise_is_our_solution(copy: Path, exercise_id: str) -> None:
    ours = solution_cell(exercise(exercise_id))
    assert ours is not None
    path, kept = fill(exercise(exercise_id), ours)
    assert source_of(copy, exercise_id) == solution(exercise(exercise_id)) and kept is not None
    assert "NotImplementedError" not in path.read_text(encoding="utf-8")
    assert fill(exercise(exercise_id), ours) == (path, None)


async def test_filled_exercise_passes_its_check(copy: Path) -> None:
    fill(exercise("04-validator"), solution_cell(exercise("04-validator")) or "")
    assert (await judge(exercise("04-validator"), source_of(copy, "04-validator"))).verdict == "pass"


# The class


async def test_place_opens_solutions_up_to_it_and_no_others(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        member = school.member("ana")
        assert await asyncio.to_thread(here_of_class, member) == []
        OpenSolutions(school.path).set_here(HERE)
        assert await asyncio.to_thread(here_of_class, member) == [FIRST, SECOND, HERE] == up_to(HERE)
        assert await asyncio.to_thread(from_class, member, HERE) == solution(exercise(HERE))
        with pytest.raises(Exception, match=LATER):
            await asyncio.to_thread(from_class, member, LATER)
        OpenSolutions(school.path).set_here("")
        with pytest.raises(Exception, match=HERE):
            await asyncio.to_thread(from_class, member, HERE)


async def test_place_is_announced_once_for_each_change(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school, at_work(school.member("ana"), tmp_path) as ana:
        opened = OpenSolutions(school.path)
        for place, count in ((SECOND, 1), (HERE, 2), ("", 2), (HERE, 3)):
            opened.set_here(place)
            await asyncio.sleep(0.6)
            async with asyncio.timeout(10):
                while len(ana.news) < count:
                    await asyncio.sleep(0.02)
            assert len(ana.news) == count
            assert place in ana.news[-1] and "classroom.catch_up()" in ana.news[-1]


async def test_place_is_set_by_the_instructor_only(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:

        async def post(name: str, exercise_id: str) -> str:
            wish, code = packed({"exercise": exercise_id}), basic(name, school.codes[name])
            body = await asyncio.to_thread(ask, school.url, "/class/here", code, b"", None, None, wish)
            return str(json.loads(body)["here"])

        with pytest.raises(HTTPError, match="403"):
            await post("ana", HERE)
        with pytest.raises(HTTPError, match="400"):
            await post(INSTRUCTOR, "99-none")
        assert await post(INSTRUCTOR, HERE) == HERE
        assert (await school.get("/class/here", "ana"))["here"] == HERE
        with pytest.raises(HTTPError, match="401"):
            await asyncio.to_thread(here_of_class, replace(school.member("ana"), code="k3mw-9xqa-t7hd"))


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["class", "here", CLASS, "--file", str(file), *arguments])


async def test_place_is_set_from_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with teaching(tmp_path, "ana") as school:
        file = school.path
    assert run(file).output.startswith("nobody can catch up")
    assert run(file, SECOND).output == f"students can catch up to {SECOND}: {FIRST}, {SECOND}\n"
    assert run(file).output.startswith(f"students can catch up to {SECOND}")
    assert run(file, "--none").output.startswith("nobody can catch up")
    for arguments, why in (([HERE, "--none"], "cannot be combined"), (["99-none"], "there is no exercise '99-none'")):
        done = run(file, *arguments)
        assert (done.exit_code, why in done.output) == (2, True)
    monkeypatch.setattr("labkit.classroom.solutions.solutions", lambda: None)
    done = run(file, HERE)
    assert (done.exit_code, HAS_NONE in done.output) == (2, True)
