"""Play a plan on a running lab: real clients, each with a network of its own, sampled on one clock.

The clients are guests, and leave when the experiment ends. Everything runs on the background loop, so that a busy
notebook cell delays neither messages nor samples.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from typing import Any, Protocol

from labkit.bench.hop import Hop
from labkit.bench.play.actions import FILL, FREE, KILL, SERVER, Action
from labkit.bench.play.disk import DiskWatch, message_number
from labkit.bench.play.plan import Plan
from labkit.bench.play.recording import BACK, CLOSED, DID, KILLED, SAMPLE_S, Mark, Recording, Sample
from labkit.bench.play.talk import Talk
from labkit.bench.timeline.two_ends import ServerSide
from labkit.faults import Proxy
from labkit.wire import background
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import Entry
from labkit.wire.client.client import Client
from labkit.wire.client.link import GIVE_UP_S
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import BufferFull, ClientClosed, Record

ROOM = "room:play"
FILLER = "x" * 390
TICK_S = 0.02
REASON_SLOW = "slow"


class Host(Protocol):
    """What a stage needs of a lab."""

    @property
    def url(self) -> str:
        """Return the server's address."""
        ...

    @property
    def token(self) -> str:
        """Return the dev token."""
        ...

    @property
    def audit(self) -> Path:
        """Return the path of the audit file."""
        ...

    def connections(self) -> list[dict[str, Any]]:
        """Return the server's list of connections."""
        ...

    def kill(self) -> None:
        """Kill the server."""
        ...

    def restart(self) -> None:
        """Start the server again."""
        ...

    def fill_disk(self) -> None:
        """Let the audit file grow no further."""
        ...

    def free_disk(self) -> None:
        """Let the audit file grow again."""
        ...


async def perform(host: Host, plan: Plan, give_up_s: float = GIVE_UP_S) -> Recording:
    """Play a plan, show it while it is played, and return the recording."""
    stage = Stage(host, plan, give_up_s)
    await show_while(stage.play(), stage.recording)
    return stage.recording


async def show_while(happening: Coroutine[Any, Any, None], recording: Recording | Talk) -> None:
    """Run something on the background loop, and show its recording until it is over."""
    performing = background.spawn(happening)
    viewer = Recording.viewer
    watching = None if viewer is None else asyncio.ensure_future(viewer.watch(recording))
    try:
        await asyncio.wrap_future(performing)
    finally:
        performing.cancel()
        recording.is_over = True
        if watching is not None:
            await watching


class Stage:
    """One performance."""

    def __init__(self, host: Host, plan: Plan, give_up_s: float = GIVE_UP_S) -> None:
        self.recording = Recording(plan)
        self._host = host
        self._plan = plan
        self._give_up_s = give_up_s
        self._clients: dict[str, Client] = {}
        self._proxies: dict[str, Proxy] = {}
        self._connection: dict[str, str | None] = {}
        self._closed: set[str] = set()  # connections whose end is recorded
        self._began = 0.0
        self._disk = DiskWatch(host.audit, ROOM, self.recording)
        self._is_down = False
        self._fallen: set[str] = set()  # members that a kill disconnected, and that are not back yet

    async def play(self) -> None:
        """Connect the members, play, and disconnect them."""
        async with AsyncExitStack() as stack:
            rooms = dict(await asyncio.gather(*(self._enter(stack, name) for name in self._plan.members)))
            await self._disk.begin()
            self._began = time()
            tasks = [self._read(name, room) for name, room in rooms.items()]
            tasks += [self._publish([rooms[name] for name in self._plan.speakers]), self._act(), self._sample()]
            running = [asyncio.ensure_future(task) for task in tasks]
            try:
                ended, _ = await asyncio.wait(running, timeout=self._plan.seconds, return_when=asyncio.FIRST_EXCEPTION)
                for task in ended:
                    task.result()
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await self._look_at_disk()

    def _now(self) -> float:
        return time() - self._began

    async def _enter(self, stack: AsyncExitStack, name: str) -> tuple[str, ClientRoom]:
        url = self._host.url
        if name in self._plan.hops:
            url = (await stack.enter_async_context(Hop(url))).url
        if any(action.member == name for _, action in self._plan.actions):
            self._proxies[name] = proxy = await stack.enter_async_context(Proxy(url))
            url = proxy.url
        client = self._clients[name] = await stack.enter_async_context(
            Client(url, self._host.token, give_up_s=self._give_up_s)
        )
        self._connection[name] = client.connection_id
        return name, await client.join(ROOM)

    async def _act(self) -> None:
        for when, action in self._plan.actions:
            await asyncio.sleep(when - self._now())
            if action.member == SERVER:
                await self._do_to_the_server(action)
            else:
                self._do(action)

    async def _do_to_the_server(self, action: Action) -> None:
        """Fill or free the disk, or kill the server and start it again."""
        if action.does != KILL:
            await asyncio.to_thread({FILL: self._host.fill_disk, FREE: self._host.free_disk}[action.does])
            self.recording.marks.append(Mark(self._now(), SERVER, DID, action.words))
            return
        self._is_down, self._fallen = True, set(self._clients)
        await asyncio.to_thread(self._host.kill)
        self.recording.marks.append(Mark(self._now(), SERVER, KILLED, action.words, code=1006))
        await asyncio.to_thread(self._host.restart)
        self._is_down = False

    def _do(self, action: Action) -> None:
        self._proxies[action.member].set(down=action.down, up=action.up)
        self.recording.marks.append(Mark(self._now(), action.member, DID, action.words, action.network))

    async def _publish(self, rooms: list[ClientRoom]) -> None:
        """Publish messages when they are due, whether or not earlier ones were answered (open loop)."""
        answers: set[asyncio.Task[None]] = set()
        sent = self.recording.sent
        while True:
            while len(sent) < self._now() * self._plan.rate:
                number = len(sent)
                sent.append((self._now(), self._plan.speakers[number % len(rooms)]))
                answer = asyncio.create_task(_say(rooms[number % len(rooms)], number))
                answers.add(answer)
                answer.add_done_callback(answers.discard)
            await asyncio.sleep(TICK_S)

    async def _read(self, name: str, room: ClientRoom) -> None:
        received = self.recording.received[name]
        async for event in room:
            number = message_number(event.get("payload", event))
            if number is not None:
                received.setdefault(number, self._now())
                self._disk.received(number)

    async def _sample(self) -> None:
        while True:
            due = self._now() + SAMPLE_S
            with contextlib.suppress(OSError, ValueError):
                self._look([] if self._is_down else await asyncio.to_thread(self._host.connections))
                await self._notice_ends()
            await self._look_at_disk()
            await asyncio.sleep(max(0.01, due - self._now()))

    async def _look_at_disk(self) -> None:
        if self._plan.about_disk:
            await self._disk.look(self._now(), self._clients.values())

    def _look(self, rows: list[dict[str, Any]]) -> None:
        lines, at = {row["connectionId"]: row for row in rows}, self._now()
        for name, client in self._clients.items():
            line = lines.get(client.connection_id)
            counts = {"published": len(self.recording.sent), "delivered": len(self.recording.received[name])}
            is_there = line is not None and ROOM in line["rooms"]
            measured = (line["outboxBytes"], line["oldestMs"] / 1000, line["kernelBytes"]) if line else (0, 0.0, 0)
            self.recording.add(Sample(at, name, is_there, *measured, **counts))

    async def _notice_ends(self) -> None:
        """Record the closes and the returns of members, once each. A member may be back before the next sample."""
        for name, client in self._clients.items():
            connection = str(self._connection[name])
            is_changed = client.connection_id not in (None, connection)
            if connection not in self._closed and (is_changed or not self.recording.last(name).is_connected):
                await self._note_close(name, connection)
            if is_changed and (joined := _joined(client)) is not None:
                self._connection[name] = client.connection_id
                if name in self._fallen:
                    self._note_fallen(name, joined.at - self._began)
                    continue
                words = f"{name} is back, with a gap" if joined.detail["gap"] else f"{name} is back, no gap"
                told = client.previous_close or {}
                mark = Mark(joined.at - self._began, name, BACK, words, code=told.get("code", 0))
                recorded = int(client.log.of("closed")[-1].detail["code"])
                self.recording.marks.append(mark._replace(reason=told.get("reason", ""), recorded=recorded))

    def _note_fallen(self, name: str, at: float) -> None:
        """Record the return of the last member that a kill disconnected."""
        self._fallen.discard(name)
        if not self._fallen:
            self.recording.marks.append(Mark(at, SERVER, BACK, "everybody is back"))

    async def _note_close(self, name: str, connection: str) -> None:
        entry = await asyncio.to_thread(close_of, self._host.audit, connection)
        if entry is None:
            return
        self._closed.add(connection)
        code, reason = ServerSide([entry]).code_and_reason
        is_slow = reason == REASON_SLOW
        limit, freed = self.recording.limit_reached(name) if is_slow else ("", 0)
        words = f"{name} closed: {code} {reason}".rstrip()
        mark = Mark(entry.at - self._began, name, CLOSED, words, code=code or 0, reason=reason, limit=limit)
        self.recording.marks.append(mark._replace(freed_bytes=freed))


def close_of(audit: Path, connection: str) -> Entry | None:
    """Return the audit's row about the end of a connection, or None. Raises AuditError."""
    with reading(audit) as database:
        query = "SELECT at, body FROM log WHERE kind = 'close' AND connection = ?"
        row = database.execute(query, (connection,)).fetchone()
    return None if row is None else Entry(row[0], "close", connection=connection, body=row[1])


def _joined(client: Client) -> Record | None:
    """Return the record of the client having joined on its current connection, or None."""
    joined, opened = client.log.of("joined"), client.log.of("auth_ok")
    return joined[-1] if joined and joined[-1].at >= opened[-1].at else None


async def _say(room: ClientRoom, number: int) -> None:
    with contextlib.suppress(BufferFull, ClientClosed):  # the experiment is ending
        await room.chat(f"{number} {FILLER}")
