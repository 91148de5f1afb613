"""Who gets our solution of an exercise from a class, and what everybody else is told."""

import asyncio
import json
from pathlib import Path
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner, Result

from labkit.bench.ask import ask, basic
from labkit.classroom.grading.claims import Claim
from labkit.classroom.grading.verdicts import Verdicts
from labkit.classroom.posting import packed
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.solutions import HAS_NONE, NotGiven, OpenSolutions, from_class
from labkit.cli import main
from labkit.course.exercises import exercise
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.solutions import solution
from tests.classroom.school import CLASS, School, teaching

ID, OTHER = "04-validator", "02-auth"


async def given(school: School, name: str, exercise_id: str = ID) -> str:
    return await asyncio.to_thread(from_class, school.member(name), exercise_id)


def judge(school: School, name: str, standing: str) -> None:
    Verdicts(school.path).add(Claim(name, ID, "r-1", None), standing, "")


async def test_solution_is_given_after_a_verified_pass(tmp_path: Path) -> None:
    """Of this student and of this exercise only; a pass that is not verified gives none."""
    async with teaching(tmp_path, "ana", "eve", grades=True) as school:
        judge(school, "eve", "not verified")
        for name, exercise_id in (("ana", ID), ("eve", ID), ("ana", OTHER)):
            with pytest.raises(NotGiven, match="once it has verified your pass, or your instructor opens it"):
                await given(school, name, exercise_id)
        judge(school, "ana", "verified")
        assert await given(school, "ana") == solution(exercise(ID))
        for name, exercise_id in (("eve", ID), ("ana", OTHER)):
            with pytest.raises(NotGiven, match=exercise_id):
                await given(school, name, exercise_id)


async def test_solution_opened_is_given_until_closed(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        with pytest.raises(NotGiven, match="when your instructor opens it, because it verifies no passes"):
            await given(school, "ana")
        OpenSolutions(school.path).open([ID, OTHER])
        assert "### BEGIN" not in await given(school, "ana")
        OpenSolutions(school.path).close([ID])
        with pytest.raises(NotGiven):
            await given(school, "ana")
        assert OpenSolutions(school.path).all() == [OTHER]


async def test_solution_is_opened_by_the_instructor_only(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:

        async def post(name: str, code: str) -> list[str]:
            body = await asyncio.to_thread(
                ask, school.url, "/class/solution/open", basic(name, code), b"", None, None, packed({"exercise": ID})
            )
            return list(json.loads(body)["open"])

        for name, code, status in (("ana", school.codes["ana"], 403), (INSTRUCTOR, "k3mw-9xqa-t7hd", 401)):
            with pytest.raises(HTTPError, match=str(status)):
                await post(name, code)
        with pytest.raises(HTTPError, match="401"):
            await asyncio.to_thread(ask, school.url, f"/class/solution?{ID}", basic("ana", "k3mw-9xqa-t7hd"))
        assert (await school.get(f"/class/solution?{ID}"))["source"] == solution(exercise(ID))
        assert await post(INSTRUCTOR, school.codes[INSTRUCTOR]) == [ID]


async def test_solution_unknown_or_missing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with teaching(tmp_path, "ana") as school:
        with pytest.raises(NotGiven, match="there is no exercise '99-none'"):
            await given(school, "ana", "99-none")
        monkeypatch.setattr("labkit.classroom.solutions.solution", lambda asked: None)
        OpenSolutions(school.path).open([ID])
        with pytest.raises(NotGiven, match="LABKIT_SOLUTIONS"):
            await given(school, "ana")


def test_solutions_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an instructor with an installed labkit."""
    monkeypatch.setattr("labkit.course.paths.is_checkout", lambda: False)
    assert solution(exercise(ID)) is None
    monkeypatch.setenv("LABKIT_SOLUTIONS", str(tmp_path / "nowhere"))
    assert solution(exercise(ID)) is None
    monkeypatch.setenv("LABKIT_SOLUTIONS", str(original() / "solutions"))
    assert "def validate" in (solution(exercise(ID)) or "")


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner whose labkit has no solutions, with an exercise."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("labkit.commands.course.solution", lambda asked: None)
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / f"{ID}.ipynb").write_bytes((original() / "exercises" / f"{ID}.ipynb").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diff(*more: str) -> Result:
    return CliRunner().invoke(main, ["course", "diff", ID, *more])


def test_diff_without_solutions_or_class_says_where_they_are(learner: Path) -> None:
    """Even after a pass: nothing on this machine has them."""
    Progress().add(ID, "pass")
    for more, begins in (((), "Error: an installed"), (("--peek",), "Error: --peek cannot show it: an installed")):
        refused = diff(*more)
        assert refused.exit_code == 2
        assert refused.output.startswith(begins)
        assert "after a verified pass" in refused.output


async def test_diff_in_a_class_shows_what_the_class_gives(learner: Path) -> None:
    async with teaching(learner, "ana") as school:
        school.member("ana").keep()
        refused = await asyncio.to_thread(diff, "--peek")
        assert refused.exit_code == 2
        assert "--peek cannot show it: the class gives our solution" in refused.output
        OpenSolutions(school.path).open([ID])
        shown = await asyncio.to_thread(diff)
        assert (shown.exit_code, "+++ our answer" in shown.output, "8192" in shown.output) == (0, True, True)
    offline = await asyncio.to_thread(diff)
    assert (offline.exit_code, "the class does not answer" in offline.output) == (2, True)


def test_verb_opens_and_closes_solutions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labkit.classroom.register import open_register

    path = tmp_path / "c.class.db"
    open_register(path, CLASS)

    def run(*more: str) -> Result:
        return CliRunner().invoke(main, ["class", "solution", CLASS, "--file", str(path), *more])

    assert run().output == "open: none\n"
    assert run(OTHER, ID).output == f"open: {OTHER}, {ID}\n"
    assert run(OTHER, "--close").output == f"open: {ID}\n"
    assert (run("--close").exit_code, run("99-none").exit_code) == (2, 2)
    monkeypatch.setattr("labkit.commands.class_.solution.solutions", lambda: None)
    assert HAS_NONE in run(OTHER).output
