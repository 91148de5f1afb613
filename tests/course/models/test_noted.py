"""What an answer calls while a situation is played is noted outside of its process, by step, as it comes."""

import asyncio
import os
import signal
from collections.abc import Iterator
from random import Random

import pytest

from labkit.course.models.situations import Result, Situation, call, make
from labkit.course.running.answer_main import RING, Link, Stuck
from labkit.course.running.answer_process import AnswerEnded, AnswerProcess
from labkit.course.stage import Calls

MADE = (
    "def made(name):\n    def tell(event):\n        record('tell', name, event)\n        return len(event)\n"
    "    return Post(tell)\n"
)
HONEST = (
    "class Post:\n    def __init__(self, tell):\n        self.tell = tell\n"
    "    def send(self, *events):\n        return [self.tell(event) for event in events]\n"
)
STEPS = (make("a", "x"), call("a.send", ["1"], ["2"]), call("a.send"), call("a.send", ["3"]))


async def play(source: str, *situations: Situation) -> tuple[list[list[Result]], AnswerProcess]:
    process = AnswerProcess()
    request = {"source": source, "name": "Post", "kind": "rule", "settings": {}, "is_played": True, "gives": ()}
    try:
        await process.load(request | {"drive": None})
        return await Calls(process, Random(1), "Post").play(situations, "once", MADE), process
    except AnswerEnded:
        return [], process
    finally:
        await process.close()


def noted(source: str, *situations: Situation) -> list[list[Result]]:
    return asyncio.run(play(source, *situations))[0]


def test_calls_are_noted_by_step() -> None:
    results = noted(HONEST, STEPS, STEPS)
    one, two = ("tell", "x", ["1"]), ("tell", "x", ["2"])
    for came in results:
        assert [result.calls for result in came] == [(), (one, two), (), (("tell", "x", ["3"]),)]
        assert [result.value for result in came] == [None, [1, 1], [], [1]]
    assert results[0][1].shown == "[1, 1] after tell('x', ['1']), tell('x', ['2'])"


def test_what_is_changed_afterwards_is_noted_as_it_was() -> None:
    source = HONEST.replace(
        "[self.tell(event) for event in events]", "[(self.tell(one), one.clear()) for one in events]"
    )
    assert noted(source, STEPS)[0][3].calls == (("tell", "x", ["3"]),)


FORGED = {
    "the function": "self.tell.__globals__['record']('tell', 'x', ['forged'])",
    "the function that notes": "self.tell.__globals__['record'].__closure__[0].cell_contents(None)",
    "the function, from code under our file's name": "exec(compile(FORGES, 'made', 'exec'), self.tell.__globals__)",
    "our own code, elsewhere": "elsewhere(self.tell)(['forged'])",
    "all lists in its frames": "clear_all()",
}
CLEARS = (
    "from types import FunctionType\nFORGES = \"record('tell', 'x', ['forged'])\"\n"
    "def elsewhere(tell):\n"
    "    return FunctionType(tell.__code__, {**tell.__globals__}, 'tell', None, tell.__closure__)\n"
    "import gc, sys\ndef clear_all():\n    frame = sys._getframe()\n    while frame:\n"
    "        for found in list(frame.f_locals.values()):\n"
    "            if isinstance(found, list):\n                found.clear()\n        frame = frame.f_back\n"
)


@pytest.mark.parametrize("way", FORGED)
def test_answer_writes_no_note_that_looks_right(way: str) -> None:
    """It sends nothing, and claims that it did."""
    source = CLEARS + HONEST.replace("return [self", f"{FORGED[way]}\n        return [1 for event in events] or [self")
    for came in noted(source, STEPS):
        assert ("tell", "x", ["3"]) not in [one for result in came for one in result.calls]
        assert ("tell", "x", ["forged"]) not in [one for result in came for one in result.calls]


def test_results_that_were_changed_are_no_results() -> None:
    source = CLEARS + HONEST.replace("return [self", "clear_all()\n        return [self")
    results = noted(source, STEPS, STEPS)
    assert [[result.raised is not None for result in came] for came in results] == [[True] * 4] * 2


@pytest.mark.parametrize("loop", ["while True:\n            self.tell(['1'])", "while True:\n            pass"])
def test_endless_answer_is_told_as_stuck(loop: str) -> None:
    source = HONEST.replace("        return [self", f"        {loop}\n        return [self")
    results, process = asyncio.run(play(source, STEPS))
    assert results == [] and process.fault is not None
    assert process.fault.kind == "stuck"


@pytest.fixture
def link() -> Iterator[Link]:
    (requests, key), before = os.pipe(), signal.getsignal(RING)
    os.write(key, bytes(32))
    yield Link(requests, key)
    signal.signal(RING, before)
    os.close(requests)
    os.close(key)


def test_time_limit_waits_for_a_report_that_is_being_written(link: Link) -> None:
    """Half of a report would read as nonsense, and the answer would be told the wrong fault."""
    with link.time_limit(lambda line: None):
        with link._lock:
            signal.raise_signal(RING)
        with pytest.raises(Stuck):
            signal.raise_signal(RING)
