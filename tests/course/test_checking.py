"""`check` in a cell: hints that advance, progress, and nbgrader."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import labkit
from labkit.course.checking import NotPassed, checked, noted
from labkit.course.exercises import exercise
from labkit.course.judging import judge, not_started
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.source import Answer, of_file
from labkit.wire import background

RULE = exercise("04-validator")
WRONG = Answer("def validate(text):\n    return None\n", "validate")


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.jsonl")


def validate(text):  # type: ignore[no-untyped-def]
    return text


def test_check_in_a_cell_judges_and_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`labkit.check` judges the object that it gets, and records the result."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    result = labkit.check("04-validator", validate)
    assert result.verdict == "fail"
    assert result.first_failed is not None and result.first_failed.id == "good"
    assert [(one["status"], one["check"]) for one in Progress().records()] == [("fail", "good")]


def test_hint_advances_when_the_same_check_fails_again(progress: Progress) -> None:
    """It stops at the third hint."""
    results = [checked(RULE, WRONG, progress=progress) for _ in range(4)]
    hints = RULE.check("good").usual.hints
    assert [result.hint for result in results] == [hints[0], hints[1], hints[2], hints[2]]


def test_raised_hand_does_not_reset_the_hint(progress: Progress) -> None:
    """Asking for help is not an attempt."""
    steps = []
    for status in ("help", "started", "help"):
        steps.append(checked(RULE, WRONG, progress=progress).step)
        progress.add(RULE.id, status)  # type: ignore[arg-type]
    assert steps == [1, 2, 3]


def test_failure_of_another_check_starts_with_its_first_hint(progress: Progress) -> None:
    """The step counts failures of this check in a row."""
    checked(RULE, WRONG, progress=progress)
    progress.add(RULE.id, "fail", "rooms")
    assert checked(RULE, WRONG, progress=progress).step == 1


def test_blank_is_recorded_once(progress: Progress) -> None:
    """Running all cells again does not record another start."""
    for _ in range(3):
        noted(not_started(RULE), progress)
    assert [record["status"] for record in progress.records()] == ["started"]


def test_blank_after_a_pass_records_nothing(progress: Progress) -> None:
    """A learner who starts over has still passed."""
    progress.add(RULE.id, "pass")
    noted(not_started(RULE), progress)
    assert [record["status"] for record in progress.records()] == ["pass"]


def test_unwritable_progress_costs_no_verdict(tmp_path: Path) -> None:
    """The result is shown although it cannot be recorded."""
    (tmp_path / "file").write_text("")
    assert checked(RULE, WRONG, progress=Progress(tmp_path / "file" / "p.jsonl")).verdict == "fail"


def test_failure_under_nbgrader_raises_and_records_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader gives full marks to a cell that raises nothing."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(NotPassed, match="good: a valid message is returned"):
        labkit.check("04-validator", validate)
    assert Progress().records() == []


def test_same_seed_gives_the_same_result() -> None:
    """Evidence included."""
    solution = of_file(original() / "solutions" / "04-validator.ipynb", "validate").source
    answer = solution.replace("percent <= 100", "percent <= 1000")
    one, other = (asyncio.run(judge(RULE, answer, seed=5)) for _ in range(2))
    assert one.json() == other.json()
    assert one.ids("fail") == ["percents"]


INTERRUPTED = """
import labkit, time
def validate(text):
    time.sleep(3600)
labkit.check("04-validator", validate)
"""


def test_interrupted_check_returns_at_once(tmp_path: Path) -> None:
    """Ctrl-C in a terminal or Interrupt in JupyterLab sends SIGINT to the whole group; no process stays behind."""
    path = tmp_path / "cell.py"
    path.write_text(INTERRUPTED)
    environment = os.environ | {"LABKIT_HOME": str(tmp_path)}
    asker = subprocess.Popen(
        [sys.executable, str(path)], stderr=subprocess.PIPE, text=True, env=environment, process_group=0
    )
    threading.Timer(2.5, lambda: os.killpg(asker.pid, signal.SIGINT)).start()
    began = time.monotonic()
    _, errors = asker.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.killpg(asker.pid, 0)


def test_answer_not_judged_in_time_is_inconclusive(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no traceback, and no task keeps running."""
    monkeypatch.setattr("labkit.course.checking.LONGEST_S", 2)
    result = checked(
        RULE, Answer("import time\ndef validate(text):\n    time.sleep(1)\n", "validate"), progress=progress
    )
    assert (result.verdict, result.checks[0].actual) == ("inconclusive", "not judged after 2 s")
    assert len(result.checks) == 1 + len(RULE.checks)
    assert [record["status"] for record in progress.records()] == ["inconclusive"]
    left = asyncio.run_coroutine_threadsafe(_others(), background.loop()).result()
    assert not left
    assert not caplog.records


async def _others() -> list[str]:
    return [str(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]
