"""The course on CPython for Windows: an answer that never returns, every known answer, and a class of two."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.course.exercises import exercise, exercises
from labkit.course.running.faults import SENTENCES
from tests.windows import wine
from tests.windows.conftest import SEEN

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(400)]
RULE = "07-close-codes"
STUCK = {
    "in a loop": "while True:\n        pass",
    "where no thread runs": "sum(range(10 ** 15))",
}
AT_ONCE = "2"  # of Wine's processes, all of which wait for one server


@pytest.mark.parametrize("how", STUCK)
def test_endless_answer_fails_with_its_sentence(how: str, tmp_path: Path) -> None:
    """And its process is gone, or the check would not end."""
    answer = tmp_path / "answer.py"
    answer.write_text(f"def {exercise(RULE).answer}(*given):\n    {STUCK[how]}\n", encoding="utf-8")
    code, printed = wine.run(
        *("-m", "labkit", "check", RULE, "--answer", wine.windows_path(answer)),
        timeout_s=300,
        LABKIT_HOME=wine.windows_path(tmp_path),
    )
    assert code == 1, printed
    assert SENTENCES["stuck"].sentence.rstrip(".") in printed


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("name", exercises())
def test_known_answers_are_judged_as_on_linux(name: str, record_property: Callable[[str, object], None]) -> None:
    judge = ("-m", "tests.windows.judge_answers", "--unseen", name)
    code, printed = wine.run(*judge, timeout_s=2000, LABKIT_MATRIX_AT_ONCE=AT_ONCE)
    print(printed)  # which answers were judged twice
    for what, count in json.loads(printed.splitlines()[-1])["answers"][name].items():
        record_property(f"{SEEN}answers, {what}", count)
    assert code == 0, printed


@pytest.mark.timeout(900)
def test_class_with_two_students_is_held() -> None:
    code, printed = wine.run("-m", "tests.windows.class_of_two", timeout_s=800)
    assert code == 0, printed
