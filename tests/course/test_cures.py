"""The cures that learners write in notebooks: the saved answer fails in the live lab, and a right one holds."""

import ast
import inspect
import linecache
from typing import Any

import pytest

import labkit
import labkit.views
from labkit.bench.play.actions import freeze, heal, kill_server
from labkit.bench.play.recording import AGE, Recording
from labkit.bench.play.talk import THROWS
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

DESK = """
class MyDesk(Patient):
    def commit(self):
        events = self.take()
        try:
            self.store(events)
        except OSError:
            return events
        for event in events:
            self.tell(event)
        return []
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
HISTORY = """
class MyHistory(Recent):
    def since(self, epoch, seq):
        oldest = self.newest - len(self.kept) + 1
        if epoch != self.epoch or not oldest - 1 <= seq <= self.newest:
            return [], True
        return [event for number, event in self.kept if number > seq], False
"""
VALIDATOR = """
def is_percent(value):
    return type(value) in (int, float) and 0 <= value <= 100

def is_text(value):
    return isinstance(value, str) and 1 <= fields.utf16_units(value) <= 1000

def refuse(constant):
    raise ValueError(constant)

def my_validator(text):
    try:
        message = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return message if fits(message) else None
"""
BACKOFF = """
def my_backoff(tries, window_s, rng):
    return rng.uniform(0, window_s)
"""
FENCE = """
async def answer(me, raw):
    try:
        await act(me, read(raw))
    except Exception:
        await me.close(1011, "internal error")
"""
SILENCE = """
async def answer(me, raw):
    try:
        await act(me, read(raw))
    except Exception:
        pass
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
        name = f"<cell {hash(code)}>"
        linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name  # for `inspect.getsource`
        compiled = compile(code, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
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
    await ana.run("c01-3bfaf9", "own-2", "own-3", "own-10", "own-mine")
    ana.names["lab"].stop()
    await ana.write(cure)
    try:
        await ana.run("own-cured")
    finally:
        ana.names["lab"].stop()
    closes = ana.names["cured"].closes
    assert [close.limit for close in closes] == limits
    assert [close.member for close in closes] == ["ben"] * len(limits)


@pytest.mark.parametrize(("cure", "closed"), [("", []), (HEARTBEAT, ["ben"])])
async def test_heartbeat_of_05(cure: str, closed: list[str]) -> None:
    """A timeout longer than the interval, in a room where ben's network stops."""
    ana = Learner("05_heartbeat")
    await ana.run("c01-1337cf", "own-05-2", "own-05-3", "own-05-9", "own-05-10", "own-05-mine")
    ana.names["lab"].stop()
    await ana.write(cure)
    try:
        await ana.run("own-05-cured")
    finally:
        ana.names["lab"].stop()
    assert [(close.member, close.code) for close in ana.names["cured"].closes] == [(name, 4408) for name in closed]


@pytest.mark.parametrize("mode", ["virtual", pytest.param("real", marks=pytest.mark.alone("fills both cores"))])
@pytest.mark.parametrize(("cure", "is_cured"), [("", False), (BACKOFF, True)])
async def test_backoff_of_07(cure: str, is_cured: bool, mode: str) -> None:
    """Four hundred clients of a server that hashes passwords."""
    ana = Learner("07_reconnect_storms")
    await ana.run("c01-816955", "cure-mine", "cure-guess")
    await ana.write(f'crowd = {{"clients": 400, "stands_for": 10_000, "hash_ms": 8, "mode": "{mode}", "seed": seed()}}')
    await ana.write(cure)
    await ana.run("cure-run")
    assert (ana.names["back"] == 400) == is_cured
    assert is_cured or ana.names["back"] < 100


@pytest.mark.parametrize(("history", "words"), [("Silent", "no gap"), ("MyHistory", "with a gap")])
async def test_history_of_03_and_a_long_absence(history: str, words: str) -> None:
    """A history that never admits a gap lets ben miss messages and believe that he has them all."""
    ana = Learner("03_rooms")
    await ana.run("c02-f4b790", "c03-e4b73c", "own-03-1", "own-03-2", "own-03-9", "own-03-3")
    ana.names["lab"].stop()
    pings = ana.names["pings"]
    with labkit.Lab(name="03", history=ana.names[history], history_events=40, **pings) as lab:
        run = await lab.play(members=3, rate=40, at={1: freeze("ben"), 6: heal("ben")}, seconds=9, give_up_s=1)
    assert [back.words for back in run.returns] == [f"ben is back, {words}"]
    assert len(run.missing("ben")) > 100


@pytest.mark.parametrize(("cure", "answer"), [("", ([4, 5], "no gap")), (HISTORY, ([], "a gap"))])
async def test_history_of_03_and_another_epoch(cure: str, answer: tuple[list[int], str]) -> None:
    """Numbers of another epoch mean nothing."""
    ana = Learner("03_rooms")
    await ana.run("c02-f4b790", "c03-e4b73c", "c08-62fbf0", "c15-89b611", "own-03-1", "own-03-9")
    await ana.write(cure)
    with labkit.Lab(name="03", history=ana.names["MyHistory"]) as ana.names["lab"]:
        ana.names["room"] = labkit.run(labkit.run(ana.names["lab"].client("ana")).join("room:desk"))
        await ana.write("for number in range(5): labkit.run(room.chat(str(number)))")
        await ana.run("c30-dc4bae", "own-03-15")
        await ana.write("answer = await from_another_epoch()")
    assert ana.names["answer"] == answer


@pytest.mark.parametrize(
    ("cure", "wrong"),
    [
        ("my_validator = trusting", 9),
        ("", 5),
        (VALIDATOR, 0),
    ],
)
async def test_validator_of_04(cure: str, wrong: int) -> None:
    """Odd texts at the usual validator, the saved one, and one that asks for what is right."""
    ana = Learner("04_validation")
    await ana.run("c02-9f4267", "c03-66b7bd", "own-04-2", "own-04-3", "own-04-4", "own-04-10", "own-04-11", "own-04-12")
    await ana.write(cure)
    with labkit.Lab(name="04", validator=ana.names["my_validator"], max_message_bytes=65_536) as lab:
        talk = await lab.talk(ana.names["odd"], seconds=2)
        assert bool(lab.own_faults) == (wrong > 0)
    assert len(talk.wrong) == wrong
    assert (talk["percent NaN"].room == THROWS) == (wrong > 0)


@pytest.mark.parametrize(("desk", "is_lost"), [("Eager", True), ("MyDesk", False)])
async def test_desk_of_08_and_two_kills(desk: str, is_lost: bool) -> None:
    """What is delivered before it is stored is lost by a kill."""
    ana = Learner("08_audit")
    await ana.run("c01-68cf0b", "2a22e333", "own-08-2", "own-08-3", "own-08-11", "own-08-12")
    with labkit.Lab(name="08", desk=ana.names[desk], messages_per_s=None) as lab:
        run = await lab.play(members=4, rate=60, at={1.5: kill_server(), 4.5: kill_server()}, seconds=8)
    assert bool(run.lost) == is_lost
    assert len(run.stored) > 100


@pytest.mark.parametrize(("cure", "fate"), [("", "received but not stored"), (DESK, "refused")])
async def test_desk_of_08_and_a_full_disk(cure: str, fate: str) -> None:
    """A class that hides the error of a full disk delivers what is in no file."""
    ana = Learner("08_audit")
    await ana.run("c01-68cf0b", "2a22e333", "own-08-2", "own-08-11", "own-08-12")
    await ana.write(cure + "\nlab = labkit.Lab(name='08', desk=MyDesk, messages_per_s=None).start()")
    try:
        await ana.run("own-08-17", "own-08-18", "own-08-20")
    finally:
        ana.names["lab"].stop()
    filled = ana.names["filled"]
    assert (bool(filled.lost), filled.last_of_disk().refused > 0) == (fate != "refused", fate == "refused")
    assert filled.missing("ben") == []


@pytest.mark.parametrize(
    ("fence", "fate"),
    [("", "the server ended"), (SILENCE, "left open"), (FENCE, "closed")],
    ids=["none", "silent", "ours"],
)
async def test_fence_of_11(fence: str, fate: str) -> None:
    """Two messages of a stranger, at the draft as it is saved and as a learner may change it."""
    ana = Learner("11_one_message")
    await ana.run("imports-1", "imports-2", "imports-3", "head", "send", "enter", "act", "read", "answer", "handle")
    try:
        await ana.run("main", "mine", "stranger", "bad", "fate", "fence")
        await ana.write(fence)
        await ana.run("fence-check")
    finally:
        ana.names["mine"].terminate()
        ana.names["lab"].stop()
    assert ana.names["fates"] == [fate, fate]
