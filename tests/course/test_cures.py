"""The cures that learners write in notebooks: the saved answer fails in the live lab, and a right one holds."""

import ast
import inspect
from typing import Any

import pytest

import labkit
import labkit.views
from labkit.bench.play.recording import AGE, Recording
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.paths import original

SPEND = """
async def my_spend(ticket):
    if ticket in spent:
        return False
    spent.add(ticket)
    await asyncio.sleep(0.3)
    return True
"""
OUTBOX = """
class MyOutbox(Endless):
    def offer(self, frame, now):
        if sum(len(each) for _, each in self.waiting) + len(frame) > self.max_bytes:
            return False
        if self.waiting and now - self.waiting[0][0] > self.max_age_s:
            return False
        self.waiting.append((now, frame))
        return True

    def take(self, most_bytes):
        return [self.waiting.popleft()[1]] if self.waiting else []
"""

HEARTBEAT = """
class MyHeartbeat(Asking):
    def beat(self, now):
        if self.is_waiting:
            return "dead" if now - self.pinged_at >= self.timeout_s else None
        if now - self.pinged_at >= self.interval_s:
            self.pinged_at, self.is_waiting = now, True
            return "ping"
"""
BACKOFF = """
def my_backoff(tries, window_s, rng):
    return rng.uniform(0, window_s)
"""


class Learner:
    """Runs cells of a notebook, one after the other, as a kernel does."""

    def __init__(self, notebook: str) -> None:
        cells = read_notebook(original() / "notebooks" / f"{notebook}.ipynb")["cells"]
        self._cells = {cell["id"]: cell_source(cell) for cell in cells}
        self.names: dict[str, Any] = {}

    async def run(self, *cells: str) -> None:
        """Run cells by their ids."""
        for cell in cells:
            await self.write(self._cells[cell])

    async def write(self, code: str) -> None:
        """Run code of the learner's own."""
        compiled = compile(code, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        waits = bool(compiled.co_flags & inspect.CO_COROUTINE)
        result = eval(compiled, self.names)
        if waits:
            await result


@pytest.fixture(autouse=True)
def nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the recordings off a screen; `labkit.views`, which sets the viewer, is imported already."""
    monkeypatch.setattr(Recording, "viewer", None)


@pytest.mark.parametrize(("cure", "inside"), [("", 5), (SPEND, 1)])
async def test_tickets_of_02(cure: str, inside: int) -> None:
    """Five programs with one ticket, at the learner's door."""
    ana = Learner("02_auth")
    with labkit.Lab(name="02") as ana.names["lab"]:
        await ana.run("c02-1e1f72", "c03-22e0b2", "address", "c10-01d964", "c15-35f791", "door", "c17-b92df5")
        await ana.write(cure)
        await ana.write("found = await at_my_door()")
        assert ana.names["found"].count("auth_ok") == inside


@pytest.mark.parametrize(("cure", "limits"), [("", []), (OUTBOX, [AGE])])
async def test_outbox_of_06(cure: str, limits: list[str]) -> None:
    """The quiet room, in which a check of the size alone closes nobody."""
    ana = Learner("06_slow_consumers")
    await ana.run("c01-3bfaf9", "c01-second", "own-2", "own-3", "own-10")
    await ana.write(cure + "\nlab = labkit.Lab(outbox=MyOutbox, **limits).start()")
    try:
        await ana.run("own-16")
    finally:
        ana.names["lab"].stop()
    closes = ana.names["quiet"].closes
    assert [close.limit for close in closes] == limits
    assert [close.member for close in closes] == ["ben"] * len(limits)


@pytest.mark.parametrize(("cure", "closed"), [("", []), (HEARTBEAT, ["ben"])])
async def test_heartbeat_of_05(cure: str, closed: list[str]) -> None:
    """A timeout longer than the interval, in a room where ben's network stops."""
    ana = Learner("05_heartbeat")
    await ana.run("c01-1337cf", "own-05-9", "own-05-10")
    await ana.write('events = {drawn("calm", 15, 25) / 10: freeze("ben")}')
    await ana.write(cure)
    try:
        await ana.run("own-05-16")
    finally:
        ana.names["lab"].stop()
    assert [(close.member, close.code) for close in ana.names["quick"].closes] == [(name, 4408) for name in closed]


@pytest.mark.parametrize(("cure", "is_cured"), [("", False), (BACKOFF, True)])
async def test_backoff_of_07(cure: str, is_cured: bool) -> None:
    """Ten thousand clients of a server that hashes passwords."""
    ana = Learner("07_reconnect_storms")
    await ana.run("c01-816955", "cure-mine", "cure-guess")
    await ana.write(cure)
    await ana.run("cure-run")
    assert (ana.names["mine"].back == 10_000) == is_cured
    assert is_cured or ana.names["mine"].back < 2_000
