"""Every known right answer passes under each condition that is not its author's choice.

A byte order mark, CRLF, U+2028 in a comment, `%%time`, state that a loop builds, files beside it named like
libraries, a terminal in cp1252, no home. When a magic hides the code, there is no verdict; the line to remove is named.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.course.exercises import exercise, exercises
from labkit.course.judging import judge
from labkit.course.source import NoSource, of_file
from tests import shadows
from tests.classroom.test_no_home import no_home
from tests.course.answers import Known
from tests.course.source.test_deliveries import built_up, notebook, right

IDS = tuple(exercises())
AT_ONCE = 4
FILES: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda source: source.encode(),
    "BOM": lambda source: source.encode("utf-8-sig"),
    "CRLF": lambda source: source.replace("\n", "\r\n").encode(),
    "U+2028": lambda source: f"# a\u2028b\n{source}".encode(),
}
CELLS: dict[str, Callable[[str], list[str]]] = {
    "%%time": lambda source: [f"%%time\n{source}"],
    "state by a loop": built_up,
}
WAYS = (*FILES, *CELLS)
HIDING = ("%%script python", "%%writefile answer.py", "%%html")


def delivered(folder: Path, answer: Known, way: str) -> Path:
    """The answer in a file or a notebook of its own."""
    stem = folder / f"answer-{answer.name.replace('/', '-')}-{WAYS.index(way)}"
    if way in CELLS:
        return notebook(stem.with_suffix(".ipynb"), CELLS[way](answer.source))
    path = stem.with_suffix(".py")
    path.write_bytes(FILES[way](answer.source))
    return path


@pytest.fixture
def learner_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner without a home, in a folder of shadowing files that is also on PYTHONPATH."""
    folder = tmp_path / "learner"
    folder.mkdir()
    no_home(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(shadows.fill(folder))
    return folder


def checked(learner_folder: Path, answer: Known, way: str) -> str:
    """Run `labkit check` on a terminal in cp1252; return what is wrong with its end, or ""."""
    words = ["check", answer.exercise, "--answer", str(delivered(learner_folder, answer, way))]
    done = CliRunner(charset="cp1252").invoke(main, words)
    is_right = done.exit_code == 0 and "not recorded: " in done.output and not shadows.imported(learner_folder)
    return "" if is_right else f"{answer.name}, {way}: exit {done.exit_code}\n{done.output}\n{done.exception!r}"


@pytest.mark.parametrize("name", IDS)
def test_right_answer_passes_under_all_conditions(name: str, learner_folder: Path) -> None:
    """One answer per exercise, each in another form; the matrix has all of them."""
    answer, way = right(name)[0], WAYS[IDS.index(name) % len(WAYS)]
    assert checked(learner_folder, answer, way) == ""


@pytest.mark.parametrize("magic", HIDING)
def test_magic_that_hides_the_code_is_named(magic: str, tmp_path: Path) -> None:
    for answer in (right(name)[0] for name in IDS):
        path = notebook(tmp_path / "answer.ipynb", [f"{magic}\n{answer.source}"])
        with pytest.raises(NoSource, match=f"{magic}.*remove|remove.*{magic}"):
            of_file(path, exercise(answer.exercise).answer)


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", IDS)
def test_every_right_answer_passes_on_any_terminal(name: str, learner_folder: Path) -> None:
    """Through the command line, which knows the terminal and the home."""
    answers = right(name)
    assert answers
    faults = [checked(learner_folder, answer, WAYS[number % len(WAYS)]) for number, answer in enumerate(answers)]
    assert [fault for fault in faults if fault] == []


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", IDS)
def test_every_right_answer_passes_in_every_form(name: str, learner_folder: Path) -> None:
    """All ways of all answers, beside the shadowing files."""
    asked = exercise(name)
    cases = [(answer, way) for answer in right(name) for way in WAYS]

    async def verdicts() -> list[str]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(answer: Known, way: str) -> str:
            source = of_file(delivered(learner_folder, answer, way), asked.answer).source
            async with turns:
                result = await judge(asked, source)
            return "" if result.verdict == "pass" else f"{answer.name}, {way}: {result}"

        return await asyncio.gather(*(one(*case) for case in cases))

    faults = asyncio.run(verdicts())
    assert len(faults) == len(right(name)) * len(WAYS) > 0
    assert [fault for fault in faults if fault] == []
    assert shadows.imported(learner_folder) == []
