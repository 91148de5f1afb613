"""Send odd texts to a server, one after the other: what each sender is answered, and what browsers in the room read.

    talk = await lab.talk({"NaN": '{"type": "chat", ...}', ...})
    talk["NaN"].answer, talk["NaN"].room, talk.wrong

Each text has a connection of its own. `read_by_browser` stands for `JSON.parse`: it accepts the same texts.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import time
from typing import Any, NamedTuple, Protocol

import websockets

from labkit.rules.limits import Limits
from labkit.rules.messages import InvalidMessage, Publication, decode, parse_json

ROOM = "room:talk"
BROWSERS = 3
ANSWER_S, ARRIVAL_S = 5.0, 1.0
STEERING = ("auth_ok", "joined", "reconnect", "presence")
PUBLISHED = "published"
READS, THROWS, NOTHING = "every browser reads it", "JSON.parse throws in every browser", ""


class Verdict(NamedTuple):
    """What became of one text."""

    name: str
    is_valid: bool  # by the kit's own rules
    at: float  # when it was sent, in seconds since the talk began
    answer: str = ""  # to its sender: PUBLISHED, "error: CODE" or "closed CODE: REASON"; "" so far
    room: str = NOTHING  # READS, THROWS or NOTHING
    fault: str = ""  # what a validator of the learner's own raised

    @property
    def is_right(self) -> bool:
        """Whether it was published if it is valid, and refused without harm if it is not."""
        if self.is_valid:
            return self.answer == PUBLISHED and self.room == READS
        return self.answer not in ("", PUBLISHED) and not self.fault

    def __str__(self) -> str:
        return f"{self.name}: {'; '.join(filter(None, (self.answer, self.room)))}"


@dataclass
class Talk:
    """Some texts, and what became of each. Pure data."""

    plan: str
    names: tuple[str, ...]
    verdicts: list[Verdict] = field(default_factory=list)  # of the texts so far
    now: float = 0.0
    is_over: bool = False

    def __getitem__(self, name: str) -> Verdict:
        """Return the verdict on a text, by its name. Raises KeyError."""
        for verdict in self.verdicts:
            if verdict.name == name:
                return verdict
        raise KeyError(name)

    @property
    def wrong(self) -> list[str]:
        """The names of the texts that were published and are invalid, or the other way round, or that raised."""
        return [verdict.name for verdict in self.verdicts if not verdict.is_right]

    @property
    def story(self) -> str:
        """What became of each text, in order."""
        return "\n".join(map(str, self.verdicts))

    def text(self) -> str:
        """Describe as text what the picture shows."""
        return self.story

    def __repr__(self) -> str:
        return f"<talk: {self.plan}; {len(self.wrong)} wrong>"


class Host(Protocol):
    """What a talk needs of a lab."""

    @property
    def url(self) -> str:
        """Return the server's address."""
        ...

    @property
    def token(self) -> str:
        """Return the dev token."""
        ...

    @property
    def limits(self) -> Limits:
        """Return the server's limits."""
        ...

    @property
    def own_faults(self) -> list[str]:
        """Return what classes of the learner's own raised."""
        ...


def planned(texts: Mapping[str, str | bytes], seconds: float) -> Talk:
    """Check a talk. Raises ValueError."""
    if not texts:
        raise ValueError("texts is empty; give at least one, as in {'not JSON': 'hello'}")
    if not 0 < seconds <= 60:
        raise ValueError(f"seconds={seconds} must be above 0 and at most 60")
    return Talk(f"{len(texts)} messages, one every {seconds / len(texts):.2g} s", tuple(texts))


async def converse(host: Host, texts: Mapping[str, str | bytes], seconds: float, talk: Talk) -> None:
    """Send each text, and note what became of it."""
    async with AsyncExitStack() as stack:
        browsers = [Browser(await stack.enter_async_context(_member(host))) for _ in range(BROWSERS)]
        began = time()
        reading = [asyncio.ensure_future(browser.read()) for browser in browsers]
        try:
            for number, (name, text) in enumerate(texts.items()):
                await _until(talk, began, number * seconds / len(texts))
                is_valid = _is_valid(text, host.limits.max_message_bytes)
                talk.verdicts.append(Verdict(name, is_valid, talk.now))
                talk.verdicts[-1] = await _verdict(host, browsers, text, talk.verdicts[-1])
            await _until(talk, began, max(seconds, time() - began + 0.5))
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)


class Browser:
    """A page in the room. It keeps the events as texts."""

    def __init__(self, socket: Any) -> None:
        self.events: list[str] = []
        self._socket = socket

    async def read(self) -> None:
        """Keep what arrives, until cancelled or closed."""
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self._socket:
                if '"seq"' in text and not any(f'"type":"{kind}"' in text for kind in STEERING):
                    self.events.append(text)

    async def next_after(self, count: int) -> str | None:
        """Return the event after the first `count`, or None if none arrives within ARRIVAL_S."""
        ends = time() + ARRIVAL_S
        while len(self.events) <= count and time() < ends:
            await asyncio.sleep(0.01)
        return self.events[count] if len(self.events) > count else None


async def _until(talk: Talk, began: float, at: float) -> None:
    while talk.now < at:
        await asyncio.sleep(min(0.05, at - talk.now))
        talk.now = time() - began
    talk.now = time() - began


async def _verdict(host: Host, browsers: list[Browser], text: str | bytes, verdict: Verdict) -> Verdict:
    counts, faults = [len(browser.events) for browser in browsers], set(host.own_faults)
    async with _member(host) as socket:
        await socket.send(text)
        answer = await _answer(socket)
    new = [fault for fault in host.own_faults if fault not in faults]
    fault = new[0] if new else "raised before" if answer.startswith("closed 1011") else ""
    room = NOTHING
    if answer == PUBLISHED:
        arrived = await asyncio.gather(*map(Browser.next_after, browsers, counts))
        room = READS if all(event is not None and read_by_browser(event) for event in arrived) else THROWS
    return verdict._replace(answer=answer, room=room, fault=fault)


@contextlib.asynccontextmanager
async def _member(host: Host) -> Any:
    """A connection that is in the room. Without compression, so that a text has the size that it seems to have."""
    async with websockets.connect(host.url, compression=None, proxy=None, max_size=None) as socket:
        await socket.send(json.dumps({"type": "auth", "token": host.token}))
        await socket.send(json.dumps({"type": "join", "roomId": ROOM}))
        while '"joined"' not in str(await asyncio.wait_for(socket.recv(), ANSWER_S)):
            pass
        yield socket


async def _answer(socket: Any) -> str:
    """Return what the server answers to the last text."""
    try:
        while (answer := json.loads(await asyncio.wait_for(socket.recv(), ANSWER_S)))["type"] in STEERING:
            pass
    except websockets.ConnectionClosed:
        return f"closed {socket.close_code}: {socket.close_reason}".rstrip(": ")
    except TimeoutError:
        return "no answer"
    return f"error: {answer['code']}" if answer["type"] == "error" else PUBLISHED


def read_by_browser(text: str) -> bool:
    """Return whether `JSON.parse` accepts a text."""
    try:
        parse_json(text.encode())
    except (InvalidMessage, UnicodeEncodeError):
        return False
    return True


def _is_valid(text: str | bytes, max_bytes: int) -> bool:
    try:
        return isinstance(text, str) and isinstance(decode(text.encode(), max_bytes), Publication)
    except InvalidMessage:
        return False
