"""What waits for a person, waits for ever or ends the process: told with its line and the way out, wherever it is."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.course.result import Result
from labkit.course.running.faults import SENTENCES
from tests.course.answers import known

pytestmark = pytest.mark.timeout(600)  # the first of them waits for all
RULE, HANDLER, SERVER = "04-validator", "02-auth", "10-capstone"
FIRST = {  # where the answer's function begins
    RULE: "def validate(text):\n",
    HANDLER: "async def handler(connection):\n",
    SERVER: 'async def start():\n    """A server that listens, as websockets.serve gives it."""\n',
}
ASKING = {
    "input": "input('your name? ')",
    "breakpoint": "breakpoint()",
    "pdb": "import pdb; pdb.set_trace()",
    "getpass": "import getpass; getpass.getpass()",
    "readline": "import sys; sys.stdin.readline()",
    "loop over stdin": "import sys; list(sys.stdin)",
    "bytes of stdin": "import sys; sys.stdin.buffer.read()",
}
ENDING = {
    "exit": ("exit", "exit()"),
    "quit": ("exit", "quit()"),
    "sys.exit": ("exit", "import sys; sys.exit('bye')"),
    "os._exit": ("silent-end", "import os; os._exit(3)"),
    "os.abort": ("silent-end", "import os; os.abort()"),
    "kill": ("silent-end", "import os; os.kill(os.getpid(), 9)"),
}
WAITING = {
    "sleep at the top": (RULE, "hangs-on-load", "import time; time.sleep(60)", ""),
    "asyncio.run at the top": (HANDLER, "hangs-on-load", "import asyncio; asyncio.run(asyncio.Event().wait())", ""),
    "join at the top": (HANDLER, "hangs-on-load", "import threading as t; t.Event().wait()", ""),
    "loop at the top": (RULE, "stuck", "while True: pass", ""),
    "sleep in a rule": (RULE, "never-returns", "import time; time.sleep(60)", "validate"),
    "loop in a rule": (RULE, "stuck", "while True: pass", "validate"),
    "sleep in a handler": (HANDLER, "blocked", "import time; time.sleep(60)", "handler"),
    "loop in a handler": (HANDLER, "blocked", "while True: pass", "handler"),
    "start awaits an event": (SERVER, "start-waits", "await asyncio.Event().wait()", "start"),
    "start serves for ever": (
        SERVER,
        "start-waits",
        "await (await websockets.serve(print, '127.0.0.1', 0)).serve_forever()",
        "start",
    ),
}


def plain(name: str) -> str:
    return next(one.source for one in known(name) if one.stem == "plain")


def with_line(name: str, line: str, is_inside: bool) -> str:
    """The plain answer with one line more, first in its function or first of all."""
    if not is_inside:
        return f"{line}\n{plain(name)}"
    assert plain(name).count(FIRST[name]) == 1
    return plain(name).replace(FIRST[name], f"{FIRST[name]}    {line}\n")


def cases() -> Iterator[tuple[str, str, str, str, bool]]:
    """A name, the exercise, the kind of fault, the line, and whether it is inside of the function."""
    for name in FIRST:
        for way, line in ASKING.items():
            yield f"{way} in {name}", name, "asks-a-person", line, True
        for way, (kind, line) in ENDING.items():
            yield f"{way} in {name}", name, kind, line, True
    for way, line in ASKING.items():
        yield f"{way} at the top", RULE, "asks-a-person", line, False
    for way, (kind, line) in ENDING.items():
        yield f"{way} at the top", RULE, kind, line, False
    for way, (name, kind, line, function) in WAITING.items():
        yield way, name, kind, line, bool(function)


CASES = {name: rest for name, *rest in cases()}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """Judge all of them, three at a time."""

    async def all_of_them() -> list[Result]:
        turns = asyncio.Semaphore(3)

        async def one(name: str, _: str, line: str, is_inside: bool) -> Result:
            async with turns:
                return await judge(exercise(name), with_line(name, line, is_inside))

        return list(await asyncio.gather(*(one(*case) for case in CASES.values())))  # type: ignore[arg-type]

    return dict(zip(CASES, asyncio.run(all_of_them())))


@pytest.mark.parametrize("case", CASES)
def test_what_never_ends_is_told_with_its_line(case: str, results: dict[str, Result]) -> None:
    """A sentence, the line as it is written, and a first hint that says what to do."""
    name, kind, line, is_inside = CASES[case]
    result = results[case]
    first = result.first_failed
    assert first is not None, str(result)
    assert (first.id, first.misconception) == ("runs", kind), str(result)
    whose = f"`{exercise(str(name)).answer}`" if is_inside else "the answer"
    assert f"of {whose}: {str(line)[:80]}" in first.actual
    assert result.hint == SENTENCES[str(kind)].line


def test_person_is_asked_for_by_name(results: dict[str, Result]) -> None:
    """What asked, as the learner wrote it."""
    for way, name in (
        ("input", "input()"),
        ("breakpoint", "breakpoint()"),
        ("pdb", "a debugger"),
        ("getpass", "stdin"),
    ):
        assert name in str(results[f"{way} in {RULE}"].checks[0].actual)


def test_probe_that_waits_for_ever_is_told_with_its_line() -> None:
    source = plain("09-find-fault-2").replace(
        "async def leaks(url):\n", "async def leaks(url):\n    import asyncio; await asyncio.Event().wait()\n"
    )
    first = asyncio.run(judge(exercise("09-find-fault-2"), source)).first_failed
    assert first is not None
    assert "did not return within 5 s, at line 2 of `leaks`" in first.actual


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_child_of_an_answer_may_end() -> None:
    """Only the answer's own process must go on."""
    child = "import os; os.waitpid(os.fork() or os._exit(0), 0)"
    assert asyncio.run(judge(exercise(RULE), with_line(RULE, child, is_inside=False))).verdict == "pass"
