"""The course on CPython for Windows: a check and its faults, every answer, and a class of two."""

from pathlib import Path

import pytest

from labkit.course.exercises import exercise
from labkit.course.paths import original
from labkit.course.running.faults import SENTENCES
from tests.e2e.need import missing
from tests.windows import wine

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(400), pytest.mark.xdist_group("wine")]
HANDLER, RULE = "02-auth", "07-close-codes"
STUCK = {
    "in a loop": "while True:\n        pass",
    "where no thread runs": "sum(range(10 ** 15))",
}


@pytest.fixture(scope="module", autouse=True)
def windows() -> None:
    if wine.wine() is None:
        missing("Wine, which runs Python for Windows,")
    wine.prepare()


def checked(name: str, answer: Path, home: Path) -> tuple[int, str]:
    given = wine.windows_path(answer)
    return wine.run(
        *("-m", "labkit", "check", name, "--answer", given), timeout_s=300, LABKIT_HOME=wine.windows_path(home)
    )


@pytest.mark.parametrize("name", [HANDLER, RULE])
def test_right_answer_passes(name: str, tmp_path: Path) -> None:
    code, printed = checked(name, original() / "solutions" / f"{name}.ipynb", tmp_path)
    assert code == 0, printed
    assert f"{name}: pass" in printed


@pytest.mark.parametrize("how", STUCK)
def test_endless_answer_fails_with_its_sentence(how: str, tmp_path: Path) -> None:
    """And its process is gone, or the check would not end."""
    answer = tmp_path / "answer.py"
    answer.write_text(f"def {exercise(RULE).answer}(*given):\n    {STUCK[how]}\n", encoding="utf-8")
    code, printed = checked(RULE, answer, tmp_path)
    assert code == 1, printed
    assert SENTENCES["stuck"].sentence.rstrip(".") in printed


@pytest.mark.timeout(7200)
def test_every_known_answer_is_judged_as_on_linux() -> None:
    code, printed = wine.run("-m", "tests.windows.judge_answers", "--unseen", timeout_s=7000)
    assert code == 0, printed


@pytest.mark.timeout(900)
def test_class_with_two_students_is_held() -> None:
    code, printed = wine.run("-m", "tests.windows.class_of_two", timeout_s=800)
    assert code == 0, printed
