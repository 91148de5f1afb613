"""Trouble that is not the answer's fault is inconclusive: other files, the parser, stopped processes, low limits."""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.result import Result
from labkit.course.source import of_file
from labkit.course.stage import Calls
from labkit.evidence import Outcome, held
from tests import shadows
from tests.course.test_running import HANDLER, PONG, RULE, judged
from tests.course.test_running import exercise as running

TOO_DEEP = {
    "minus signs": f"x = {'-' * 20_000}1",
    "minus signs that only the compiler refuses": f"x = {'-' * 3_000}1",
    "parentheses": f"x = {'(' * 5_000}1{')' * 5_000}",
    "attributes": f"def f(a):\n    return a{'.b' * 20_000}",
    "a long sum": f"x = {'1 + ' * 50_000}1",
    "blocks": "".join(f"{' ' * depth}if 1:\n" for depth in range(200)) + " " * 200 + "pass",
    "brackets": f"x = {'[' * 1_000}{']' * 1_000}",
    "calls": f"x = lambda f: {'f(' * 150}1{')' * 150}{'.a()' * 20_000}",
}


@pytest.mark.parametrize("deep", TOO_DEEP)
def test_answer_too_deep_for_the_parser_is_inconclusive(deep: str) -> None:
    result = judged("rule", f"{RULE}return x\n{TOO_DEEP[deep]}\n")
    assert (result.verdict, result.ids("fail")) == ("inconclusive", [])
    assert result.checks[0].actual.startswith("Python's parser cannot read the answer")


@pytest.mark.parametrize(("odd", "sentence"), [("\0", "null byte"), ("\ud800", "no text file can contain")])
def test_characters_outside_any_source_are_inconclusive(odd: str, sentence: str) -> None:
    result = judged("rule", f"{RULE}return x\nx = '{odd}'\n")
    assert (result.verdict, result.ids("fail")) == ("inconclusive", [])
    assert sentence in result.checks[0].actual


def test_syntax_error_fails() -> None:
    """Positive control."""
    assert judged("rule", "def answer(x)\n    return x").verdict == "fail"


@pytest.mark.parametrize("name", ["04-validator", "02-auth"])
def test_right_answer_passes_beside_shadowing_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shadows.fill(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    asked = exercise(name)
    source = of_file(original() / "solutions" / f"{name}.ipynb", asked.answer).source
    result = asyncio.run(judge(asked, f"import email.utils, random, secrets, calendar\n{source}"))
    assert (result.verdict, shadows.imported(tmp_path)) == ("pass", []), str(result)


def test_learners_own_module_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the current folder or on PYTHONPATH, as in a kernel."""
    (tmp_path / "beside.py").write_text("ONE = 1", encoding="utf-8")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "further.py").write_text("TWO = 2", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    result = judged("rule", f"import beside, further\n{RULE}return beside.ONE + further.TWO\n")
    assert result.checks[1].actual == "3"


@pytest.mark.parametrize("kind", ["rule", "handler"])
@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL"])
def test_answer_that_stops_its_parent_does_not_fail(kind: str, signal: str) -> None:
    """Nothing is raised, and the judge does not hang."""
    work = {"rule": f"{RULE}return x\n", "handler": HANDLER + PONG + "\n"}[kind]
    began = time.monotonic()
    result = judged(kind, f"import os, signal\nos.kill(os.getppid(), signal.{signal})\n{work}")
    assert result.verdict in ("pass", "inconclusive")
    assert time.monotonic() - began < 30


DEAD = {
    "1 / 0": "ZeroDivisionError: division by zero",
    "import sys; sys.stderr.write('x' * 5000 + chr(10) + 'last words')": "last words",
    "import os; os._exit(0)": "it wrote nothing",
}


@pytest.mark.parametrize("program", DEAD)
def test_dead_process_is_reported_with_its_last_words(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that dies before it has read the answer."""
    monkeypatch.setattr("labkit.course.running.pipes.python", lambda *_: [sys.executable, "-c", program])
    result = judged("rule", f"{RULE}return x\n")
    assert (result.verdict, result.ids("fail")) == ("inconclusive", [])
    assert result.checks[0].actual == f"the answer's process did not start: {DEAD[program]}; check again"


def test_process_that_ended_before_we_met_it_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine its first report is read after its last."""
    monkeypatch.setattr("labkit.course.running.pipes.psutil.Process", gone)
    assert judged("rule", "1 / 0").checks[0].misconception == "crash"


def gone(pid: int) -> psutil.Process:
    raise psutil.NoSuchProcess(pid)


def test_missing_interpreter_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose virus scanner has removed it."""
    monkeypatch.setattr("labkit.course.running.pipes.python", lambda *_: ["/nowhere/python"])
    result = judged("rule", f"{RULE}return x\n")
    assert (result.verdict, result.ids("fail")) == ("inconclusive", [])
    assert "cannot run /nowhere/python" in result.checks[0].actual


def test_judge_that_was_stopped_passes_the_answer() -> None:
    """It was stopped for longer than a call may wait, as by Ctrl-Z; a blocked loop looks the same."""

    async def stopped(stage: Calls) -> Outcome:
        calling = asyncio.create_task(stage.call(1))
        await asyncio.sleep(0.1)
        time.sleep(7)
        return held((await calling).shown)

    check = running("rule").checks[0]
    object.__setattr__(check, "run", stopped)
    asked = running("rule")
    object.__setattr__(asked, "checks", (check,))
    result = asyncio.run(judge(asked, f"import time\n{RULE}time.sleep(0.5)\n    return x\n"))
    assert result.verdict == "pass", str(result)


LIMITS: dict[str, tuple[int, int]] = {
    "files": (resource.RLIMIT_NOFILE, 40),
    "files for half a check": (resource.RLIMIT_NOFILE, 70),
    "memory": (resource.RLIMIT_AS, 110 * 1024**2),
    "little memory": (resource.RLIMIT_AS, 70 * 1024**2),
    "hardly any memory": (resource.RLIMIT_AS, 52 * 1024**2),
}


def lowered(limit: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(limit, (most, most))


@pytest.mark.parametrize("name", ["04-validator", "02-auth", "03-rooms"])
@pytest.mark.parametrize("limit", LIMITS)
def test_low_limit_never_fails_a_right_answer(name: str, limit: str, tmp_path: Path) -> None:
    """It exits with 0, or with 2 and a sentence that names the limit; never with 1 or a traceback."""
    answer = original() / "solutions" / f"{name}.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "labkit", "check", name, "--answer", answer],
        env=os.environ | {"LABKIT_HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        preexec_fn=lowered(*LIMITS[limit]),
    )
    assert done.returncode in (0, 2), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or "ulimit" in done.stdout


def test_answer_that_uses_up_its_own_limits_fails() -> None:
    """Positive control: descriptors that it never closes, and memory."""
    leaking = "import os\n" + RULE + "[os.open('/dev/null', 0) for _ in range(1000)]\n    return x\n"
    shown: list[Result] = [judged("rule", leaking), judged("rule", RULE + "return len(bytearray(8 * 1024**3))")]
    assert ["raised OSError" in shown[0].checks[1].actual, "MemoryError" in shown[1].checks[1].actual] == [True, True]


def test_check_without_evidence_does_not_pass() -> None:
    """A connection that stays open has shown no close reason: on a busy machine the close may come later."""
    asked = exercise("02-auth")
    result = asyncio.run(judge(asked, f"async def {asked.answer}(connection):\n    await connection.wait_closed()\n"))
    assert next(check.verdict for check in result.checks if check.id == "reason") == "inconclusive"
