"""The judge where the system is not Linux: everything that macOS does not have is taken away here."""

import asyncio
import selectors
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.course.exercises import exercise, exercises
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.result import Result
from labkit.course.source import of_file
from labkit.platform import confined
from tests.course.test_running import HANDLER, PONG, RULE
from tests.course.test_running import exercise as running

resource = pytest.importorskip("resource", reason="POSIX only; `make windows` judges the same answers there")
AS_ON_MACOS = """
import builtins, resource, runpy, sys
sys.platform = "darwin"
usual, opened = resource.setrlimit, builtins.open
def setrlimit(limit, most):
    if limit == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    usual(limit, most)
def without_proc(path, *more, **named):
    if str(path).startswith("/proc"):
        raise FileNotFoundError(path)
    return opened(path, *more, **named)
resource.setrlimit, builtins.open = setrlimit, without_proc
runpy.run_path({keeper!r}, run_name="__main__")
"""
FILES = 256  # what a shell of macOS allows


@pytest.fixture(autouse=True)
def macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No limit of memory, no parent for orphans, no /proc, and few open files."""
    keeper = tmp_path / "keeper.py"
    keeper.write_text(AS_ON_MACOS.format(keeper=confined.KEEPER), encoding="utf-8")
    monkeypatch.setattr(confined, "KEEPER", str(keeper))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def judged(asked: str, source: str) -> Result:
    """Judge an answer on a loop that uses select()."""
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(judge(exercise(asked) if asked in exercises() else running(asked), source))


@pytest.mark.parametrize("name", ["02-auth", "04-validator", "10-capstone"])
def test_right_answer_passes(name: str) -> None:
    """A handler, a rule and a server with checks that run alone."""
    source = of_file(original() / "solutions" / f"{name}.ipynb", exercise(name).answer).source
    result = judged(name, source)
    assert result.verdict == "pass", str(result)


ROUGH = {
    "stuck": ("rule", RULE + "while True:\n        pass"),
    "blocked": ("handler", HANDLER + "while True:\n        pass"),
    "silent-end": ("rule", "import os\n" + RULE + "os._exit(0)"),
    "print-storm": ("handler", HANDLER + "while True:\n        print('x' * 1000); await asyncio.sleep(0)"),
    "memory": ("rule", RULE + "kept = []\n    while True:\n        kept.append(b'x' * 2**28)\n        time.sleep(0.2)"),
}


@pytest.mark.parametrize("kind", ROUGH)
def test_misbehaving_answer_gets_its_own_sentence(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.course.running.shortage.MEMORY", 2**29)
    form, source = ROUGH[kind]
    result = judged(form, f"import time\n{source}\n")
    assert (result.ids("fail"), result.checks[0].misconception) == (["runs"], kind)


def test_well_behaved_handler_passes() -> None:
    """Positive control."""
    assert judged("handler", HANDLER + PONG).verdict == "pass"
