"""Answers that misbehave: each gets a sentence of its own in limited time, and leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.judging import judge
from labkit.course.result import Result
from labkit.course.running import shortage
from labkit.course.running.answer_process import AnswerEnded, AnswerFault, AnswerProcess
from labkit.course.running.faults import SENTENCES, at_line, sentence
from labkit.course.running.handler_server import ANSWER, line_in, line_of
from labkit.course.running.packets import HEAD, packed
from labkit.course.stage import Calls, Stage
from labkit.evidence import Outcome, broken, held
from labkit.platform import confined

USUAL = Misconception("usual", "It is wrong.", "a", "b", "c")


async def call_once(stage: Calls) -> Outcome:
    called = await stage.call(1)
    return held(called.shown)


async def greet(stage: Stage) -> Outcome:
    peer = await stage.connect()
    peer.send(type="ping")
    return held(str(await peer.receive()))


def exercise(kind: str) -> Exercise:
    """Return an exercise with one check, which only needs the answer to run."""
    run = call_once if kind == "rule" else greet
    return Exercise(
        id="00-test",
        title="t",
        lesson="02_auth",
        kind=kind,  # type: ignore[arg-type]
        answer="answer",
        checks=(Check("looks", "it answers", USUAL, run),),
    )


def judged(kind: str, source: str) -> Result:
    return asyncio.run(judge(exercise(kind), source))


RULE = "def answer(x):\n    "
HANDLER = "import asyncio, time\nasync def answer(connection):\n    await connection.recv()\n    "
PONG = 'await connection.send(\'{"type": "pong"}\')'
ROUGH = {
    "syntax": ("rule", "def answer(x)\n    return x"),
    "crash": ("rule", "def answer(x):\n    return x\n1 / 0"),
    "exit": ("rule", "import sys\nsys.exit(0)\ndef answer(x):\n    return x"),
    "exit in a rule": ("rule", RULE + "exit()"),
    "exit in a handler": ("handler", HANDLER + "raise SystemExit"),
    "stuck": ("rule", RULE + "while True:\n        pass"),
    "stuck and catches all": (
        "rule",
        RULE
        + "while True:\n        try:\n            while True: pass\n        except BaseException:\n            pass",
    ),
    "stuck on load": ("rule", "while True:\n    pass"),
    "stuck where no thread runs": ("rule", RULE + "return sum(range(10 ** 15))"),
    "stuck where no thread runs in a handler": ("handler", HANDLER + "sum(range(10 ** 15))"),
    "blocked": ("handler", HANDLER + "while True:\n        pass"),
    "blocked by sleep": ("handler", HANDLER + "time.sleep(60)"),
    "print-storm": ("rule", RULE + "while True:\n        print('x' * 1000)"),
    "print-storm in a handler": ("handler", HANDLER + "while True:\n        print('x' * 1000); await asyncio.sleep(0)"),
    "forgotten": ("handler", HANDLER + PONG.removeprefix("await ")),
    "missing": ("rule", "def another(x):\n    return x"),
    "not-callable": ("handler", "answer = 5"),
    "not-async": ("handler", "def answer(connection):\n    return None"),
    "async-rule": ("rule", "async def answer(x):\n    return x"),
    "hangs-on-load": ("handler", "import time\ntime.sleep(60)\nasync def answer(connection):\n    return connection"),
    "never-returns": ("rule", "import time\n" + RULE + "time.sleep(60)"),
    "silent-end": ("rule", "import os\n" + RULE + "os._exit(0)"),
    "silent-end by signal": ("handler", "import os\n" + HANDLER + "os.kill(os.getpid(), 9)"),
    "silent-end on load": ("rule", "import os\nos.abort()"),
}
KINDS = {
    "stuck and catches all": "stuck",
    "blocked by sleep": "blocked",
    "stuck on load": "stuck",
    "stuck where no thread runs": "stuck",
    "stuck where no thread runs in a handler": "stuck",
    "silent-end by signal": "silent-end",
    "silent-end on load": "silent-end",
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """Judge every misbehaving answer, several at a time."""

    async def judge_all() -> list[Result]:
        turns = asyncio.Semaphore(3)  # several use a full processor, and each needs a second of it

        async def one(kind: str, source: str) -> Result:
            async with turns:
                return await judge(exercise(kind), source)

        return list(await asyncio.gather(*(one(*rough) for rough in ROUGH.values())))

    return dict(zip(ROUGH, asyncio.run(judge_all())))


@pytest.mark.parametrize("name", ROUGH)
def test_misbehaving_answer_gets_its_own_sentence(name: str, results: dict[str, Result]) -> None:
    """The check `runs` fails with the sentence and hint of the fault; no other check fails."""
    kind = KINDS.get(name, name.split(" in ")[0])
    result = results[name]
    assert result.verdict == "fail"
    assert result.ids("fail") == ["runs"]
    assert result.checks[0].misconception == kind
    assert result.checks[0].actual.startswith(SENTENCES[kind].sentence.rstrip("."))
    assert result.hint == SENTENCES[kind].hints[0]


def test_line_of_a_fault_is_named(results: dict[str, Result]) -> None:
    """The sentence ends with the place and the text of the line."""
    assert results["blocked by sleep"].checks[0].actual.endswith("at line 3 of `answer`: time.sleep(60)")
    assert (
        results["crash"]
        .checks[0]
        .actual.endswith("(ZeroDivisionError: division by zero), at line 3 of the answer: 1 / 0")
    )
    assert "at line 3 of `answer`: connection.send" in results["forgotten"].checks[0].actual


def test_line_is_counted_within_its_function() -> None:
    """As the cell of a notebook shows it, whatever precedes it; in a method, within the method."""
    source = "import json\n\nclass A:\n    async def b(self):\n        x = 1\n        return x\ny = 2\n"
    assert at_line(6, source) == ", at line 3 of `b`: return x"
    assert at_line(7, source) == ", at line 7 of the answer: y = 2"
    assert at_line(2, "def a(:\n  b") == ", at line 2 of the answer: b"
    assert at_line(0, source) == at_line(9, source) == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_is_counted_as_python_counts(end: str) -> None:
    """A form feed or U+2028 in a comment above does not shift it."""
    source = end.join(["# a\u2028b \x0b\x0c\x1c\x85 c", "def a():", "    x = 1", "    return x"])
    assert at_line(4, source) == ", at line 3 of `a`: return x"


def test_instruction_without_a_line_has_line_0() -> None:
    """Python gives some instructions no line; a tick that says so must not count as nonsense from the answer."""
    ANSWER.are_of(code := compile("x = 1", "answer", "exec"))
    assert line_in(SimpleNamespace(f_code=code, f_lineno=7)) == 7  # type: ignore[arg-type]
    assert line_in(SimpleNamespace(f_code=code, f_lineno=None)) == 0  # type: ignore[arg-type]


BORROWS = """
def answer(x):
    line = compile("\\n" * 9 + "1 / 0", "answer", "exec")
    exec(line)
"""
HIDES = """
code = compile("def answer(x):\\n    pass\\n    while True:\\n        pass", "made", "exec")
exec(code)
first = answer
def answer(x):
    return first(x)
"""


def test_line_is_that_of_the_answer_whatever_other_code_is_called() -> None:
    """Code that the answer compiles under its own file's name, or under ours, has other lines."""
    raised = judged("rule", BORROWS).checks[1].actual
    assert "ZeroDivisionError" in raised
    stuck = judged("rule", HIDES).checks[0]
    assert stuck.actual.endswith("at line 2 of `answer`: return first(x)")


def test_line_of_an_error_is_the_one_that_ran_foreign_code() -> None:
    trace = None
    ANSWER.are_of(code := compile(BORROWS + "\nanswer(1)", "answer", "exec"))
    try:
        exec(code, {})
    except ZeroDivisionError as error:
        trace = error.__traceback__
    assert line_of(trace) == 4


def test_error_of_another_check_is_not_reported() -> None:
    """Of two concurrent checks, only the one whose connection raised reports the error."""

    has_raised = asyncio.Event()

    async def speaks(stage: Stage) -> Outcome:
        peer = await stage.connect()
        peer.send(type="ping")
        await peer.until_ended(10)
        has_raised.set()
        return broken("sent")

    async def is_silent(stage: Stage) -> Outcome:
        await stage.connect()
        await has_raised.wait()
        return broken("sent nothing")

    checks = tuple(Check(run.__name__, "", USUAL, run) for run in (speaks, is_silent))
    source = HANDLER + "raise KeyError(1)"
    result = asyncio.run(judge(replace(exercise("handler"), checks=checks), source))
    actual = {check.id: check.actual for check in result.checks}
    assert actual["speaks"] == "sent; the answer raised KeyError: 1, at line 3 of `answer`: raise KeyError(1)"
    assert actual["is_silent"] == "sent nothing"


def test_faults_have_different_sentences() -> None:
    """So do their hints."""
    texts = [sentence(AnswerFault(kind), "") for kind in SENTENCES]
    assert len(set(texts)) == len(texts) == len({one.hints for one in SENTENCES.values()})


def test_well_behaved_answer_passes() -> None:
    """Positive control."""
    assert judged("rule", RULE + "print('x')\n    return x").verdict == "pass"
    assert judged("handler", HANDLER + PONG).verdict == "pass"


def test_beginning_of_the_printed_text_is_kept() -> None:
    """It is shown in the result, and does not affect the verdict."""
    result = judged("rule", RULE + "print('hello' * 10000)\n    1 / 0")
    assert result.printed.startswith("hellohello")
    assert len(result.printed) <= 2000


def test_returned_object_arrives_as_data() -> None:
    """An object of the answer's own class arrives as its type and repr, so its `__eq__` never runs here."""
    source = (
        "class Odd:\n    def __eq__(self, other):\n        return True\n    def __repr__(self):\n        return 'odd'\n"
        + (RULE + "return Odd()")
    )
    result = judged("rule", source)
    assert result.checks[1].actual == "<Odd odd>"


FORGE = """
import os, stat
from labkit.course.running.packets import packed
def answer(x):
    for descriptor in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, {packet})
        except OSError:
            pass
"""
FORGED = (
    "packed(['x'])",
    "packed({'event': 'tick', 'computed_s': 'a'})",
    "packed({'event': 'fault', 'kind': 'unheard of', 'text': '', 'line': 1})",
    "packed({'event': 'returned', 'stuck': 'a'})",
    "packed({'event': 'returned', 'raised': 1})",
    "packed({'event': 'raised'})",
    "b'nonsense'",
)


@pytest.mark.parametrize("packet", FORGED)
def test_forged_report_ends_only_the_answer(packet: str) -> None:
    """It ends at once with a sentence of its own, and nothing is raised in the judge."""
    began = time.monotonic()
    result = judged("rule", FORGE.replace("{packet}", packet))
    assert result.ids("fail") == ["runs"]
    assert result.checks[0].actual.startswith(SENTENCES["garbled"].sentence.rstrip("."))
    assert time.monotonic() - began < 15


async def with_a_grandchild(marker: Path, more: str) -> None:
    program = f"import time; time.sleep(3); open({str(marker)!r}, 'w')"
    source = f"import subprocess, sys\n{RULE}subprocess.Popen([sys.executable, '-c', {program!r}]{more})\n    return 1"
    result = await judge(exercise("rule"), source)
    assert result.verdict == "pass", str(result)


@pytest.mark.parametrize("more", ["", ", start_new_session=True"])
def test_process_started_by_an_answer_ends_with_it(tmp_path: Path, more: str) -> None:
    """A program that an answer started ends with it, also one in a session of its own."""
    if more and sys.platform != "linux":
        pytest.skip("only Linux has a process for orphans")
    marker = tmp_path / "alive"
    asyncio.run(with_a_grandchild(marker, more))
    time.sleep(4)
    assert not marker.exists()


def test_memory_is_limited() -> None:
    """An answer that takes too much memory gets an error."""
    result = judged("rule", RULE + "return len(bytearray(8 * 1024**3))")
    assert "MemoryError" in result.checks[1].actual or result.ids("fail") == ["runs"]


def test_memory_is_limited_where_the_system_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    start = confined.start
    monkeypatch.setattr(confined, "start", lambda *given, **limits: start(*given, **(limits | {"memory": 2**40})))
    monkeypatch.setattr(shortage, "MEMORY", 300 * 1024**2)
    result = judged(
        "rule", "import time\n" + RULE + "kept = b'x' * 600 * 1024**2\n    time.sleep(2)\n    return len(kept)"
    )
    assert (result.ids("fail"), result.checks[0].misconception) == (["runs"], "memory")


def processes_marked(mark: str) -> set[int]:
    """Return the processes with this mark in their environment: those that one test started, whatever their parent."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
    return found


ASKER = """
import asyncio, sys
from labkit.course.running.answers import Answers
async def main():
    async with Answers(2) as answers, answers.start({"source": "def f():\\n  while True: pass", "name": "f",
            "kind": "rule", "settings": {}, "drive": None}) as process:
        print("ready", flush=True)
        await process.call()
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killed_judge_leaves_no_process() -> None:
    """After SIGKILL to the judge, the keepers and the answers end by themselves."""
    mark = f"MARK={uuid.uuid4()}"
    environment = os.environ | dict([mark.split("=")])
    asker = subprocess.Popen([sys.executable, "-c", ASKER], stdout=subprocess.PIPE, text=True, env=environment)
    assert asker.stdout is not None
    assert asker.stdout.readline() == "ready\n"
    assert len(processes_marked(mark)) >= 3  # the judge, and a keeper and its answer, or two
    os.kill(asker.pid, signal.SIGKILL)
    asker.wait()
    asker.stdout.close()
    ends = time.monotonic() + 30
    while processes_marked(mark) and time.monotonic() < ends:
        time.sleep(0.1)
    assert processes_marked(mark) == set()


def test_cancelled_judge_ends_the_answers_process() -> None:
    """As an interrupted kernel does."""

    async def main() -> bool:
        held: list[AnswerProcess] = []

        async def wait(stage: Calls) -> Outcome:
            held.append(stage.process)
            await stage.call(1)
            return held("")

        asked = exercise("rule")
        waiting = Check("looks", "it answers", USUAL, wait)
        object.__setattr__(asked, "checks", (waiting,))
        task = asyncio.create_task(judge(asked, "import time\n" + RULE + "time.sleep(60)"))
        while not held:
            await asyncio.sleep(0.05)
        task.cancel()
        began = time.monotonic()
        await asyncio.gather(task, return_exceptions=True)
        return time.monotonic() - began < 10 and not held[0]._pipes.leader.is_running()

    assert asyncio.run(main())


def test_check_that_failed_on_a_busy_machine_runs_again() -> None:
    """A late tick shows that the machine was too busy for the answer."""
    looks = 0

    async def run(stage: Stage) -> Outcome:
        nonlocal looks
        looks += 1
        stage.process._tick(time.monotonic())
        stage.process._tick(time.monotonic() + 5)
        return held("in time") if looks > 1 else broken("too late")

    starved = replace(exercise("handler"), checks=(Check("looks", "e", USUAL, run),))
    assert asyncio.run(judge(starved, HANDLER + PONG)).verdict == "pass"


class NoPipes:
    """Of a process that is played by the test."""

    leader = None
    has_begun = True

    def __init__(self, *_: object) -> None: ...

    def send(self, packet: bytes) -> None: ...

    def end(self) -> None: ...


async def call_with_ticks(computed_s: float) -> AnswerProcess:
    """Call a rule that may wait for half a second, and send 14 ticks with so much processor time each."""
    process = AnswerProcess(patience_s=0.5)

    def send(**report: object) -> None:
        process._take(packed(report)[HEAD.size :])

    with contextlib.suppress(AnswerEnded):
        calling = asyncio.create_task(process.call(1))
        await asyncio.sleep(0)
        for number in range(1, 15):
            send(event="tick", computed_s=number * computed_s)
        await asyncio.wait((calling,), timeout=2)
        send(event="returned", stuck=3)
        await calling
    await process.close()
    return process


def test_computing_on_a_busy_machine_is_not_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop with a fourteenth of a processor takes 14 s to use the second after which it is stuck."""
    monkeypatch.setattr("labkit.course.running.answer_process.Pipes", NoPipes)
    waited, computed = (asyncio.run(call_with_ticks(computed_s)) for computed_s in (0.0005, 1 / 140))
    assert waited.fault == AnswerFault("never-returns")
    assert computed.fault == AnswerFault("stuck", line=3)


def test_busy_judge_is_not_waiting_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies that wait to be read, because the judge itself computes, cost the answer none of its time."""
    monkeypatch.setattr("labkit.course.running.answer_process.PATIENT", 0.5)

    async def busy() -> AnswerFault | None:
        process = AnswerProcess(patience_s=1)
        request = {"source": RULE + "return x", "name": "answer", "kind": "rule", "settings": {}, "drive": None}
        await process.load(request)
        for number in range(4):
            asyncio.get_running_loop().call_later(0.001, time.sleep, 0.5)
            assert (await process.call(number)).value == number
        fault = process.fault
        await process.close()
        return fault

    assert asyncio.run(busy()) is None


def test_rule_that_waits_in_each_call_never_returns() -> None:
    """Each call stays below the limit for one; all together exceed theirs, and the rest are not made."""

    async def ask_often(stage: Calls) -> Outcome:
        for number in range(100):
            await stage.call(number)
        return held("")

    asked = exercise("rule")
    often = replace(asked, patience_s=1, checks=(replace(asked.checks[0], run=ask_often),))
    result = asyncio.run(judge(often, "import time\n" + RULE + "time.sleep(0.5)"))
    assert result.checks[0].misconception == "never-returns"
    assert result.seconds < 20


def test_checks_after_one_that_timed_out_are_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would time out as well. A check that cannot handle a value says so, and the next one runs."""
    monkeypatch.setattr("labkit.course.stage.LONGEST_S", 0.5)

    async def odd(stage: Calls) -> Outcome:
        called = await stage.call(1)
        return held(called.value["text"])

    async def endless(stage: Calls) -> Outcome:
        while True:
            await stage.call(1)

    checks = [Check(f"c{number}", "", USUAL, run) for number, run in enumerate((odd, endless, odd))]
    result = asyncio.run(judge(replace(exercise("rule"), checks=tuple(checks)), RULE + "return {}"))
    assert result.ids("inconclusive") == ["c0", "c1", "c2"]
    texts = [check.actual for check in result.checks[1:]]
    assert texts[0] == "cannot judge what it received: KeyError: 'text'"
    assert texts[1].startswith("not finished after")
    assert texts[2].startswith("not checked")
