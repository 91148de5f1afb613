"""One room as its member sees it: publish, and iterate over events, each once and in order, or be told of a gap.

    async for event in room:        # the dictionary that was on the wire; a hole shows as {"type": "gap", ...}

Taught in notebook 03 (rooms).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

from labkit.wire.client.inbox import INBOX_EVENTS, Inbox
from labkit.wire.client.state import ClientClosed, Disconnected, Status
from labkit.wire.client.unsent import Event


class ClientRoom:
    """A room that the client is in, across all its connections. Made by `client.join`."""

    def __init__(
        self,
        room_id: str,
        status: Status,
        publish: Callable[[str, str, dict[str, Any]], Awaitable[Event]],
        ask_presence: Callable[[str], Awaitable[Event]],
        leave: Callable[["ClientRoom"], Awaitable[None]],
        inbox_events: int = INBOX_EVENTS,
    ) -> None:
        """`publish` takes the roomId, the type and the fields of a message."""
        self.room_id = room_id
        self.epoch: str | None = None
        self.seq = 0
        self.access = "rw"
        self.is_joined = False
        self.wants_presence = False
        self.joiners = 0  # how many wait in `client.join`
        self.joined: asyncio.Future[ClientRoom] = asyncio.get_running_loop().create_future()
        self.ended_by: BaseException | None = None
        self._status = status
        self._publish = publish
        self._ask_presence = ask_presence
        self._leave = leave
        self._inbox = Inbox(room_id, inbox_events)

    # Saying something

    async def chat(self, text: str) -> Event:
        """Say something; returns the event once it is stored. Raises what `publish` raises."""
        return await self.publish("chat", text=text)

    async def progress(self, job_id: str, phase: str, percent: float, note: str | None = None) -> Event:
        """Say how far a job is."""
        return await self.publish("progress", jobId=job_id, phase=phase, percent=percent, note=note)

    async def comment(self, target: str, text: str) -> Event:
        """Remark on a target."""
        return await self.publish("comment", target=target, text=text)

    async def read(self, up_to: int) -> Event:
        """Say that everything up to a seq has been read."""
        return await self.publish("read", upTo=up_to)

    async def alert(self, severity: str, customer: str, text: str) -> Event:
        """Raise an alert: info, warning or critical."""
        return await self.publish("alert", severity=severity, customer=customer, text=text)

    async def exercise(self, exercise: str, status: str, *, at: str, n: int, check: str | None = None) -> Event:
        """Tell a status in an exercise."""
        return await self.publish("exercise", exercise=exercise, status=status, check=check, at=at, n=n)

    async def publish(self, kind: str, **fields: Any) -> Event:
        """Publish any kind of message and return its event once it is stored; fields that are None are left out.

        Raises InvalidMessage (a ValueError) for what no server would take, Refused, BufferFull, Stopped, and
        ClientClosed. Cancelled, it may be published all the same.
        """
        self._check()
        given = {name: value for name, value in fields.items() if value is not None}
        return await self._publish(self.room_id, kind, given)

    async def presence(self) -> list[dict[str, str]]:
        """Who is in the room. From now on the iteration has it too: `presence`, then `entered` and `gone`.

        After a reconnect `presence` comes again by itself. Raises Refused, Disconnected, Stopped.
        """
        self._check()
        if not self.is_joined:
            raise Disconnected("not in the room at the moment; ask again when the connection is back")
        answer = await self._ask_presence(self.room_id)
        self.wants_presence = True
        return list(answer["members"])

    async def leave(self) -> None:
        """Leave; the iteration ends, and what nobody answered yet fails with ClientClosed."""
        await self._leave(self)

    # Hearing something

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._inbox.get()
        except ClientClosed:
            raise StopAsyncIteration from None

    def receive(self, event: Event) -> None:
        """An event came from the server: old ones are dropped, a hole is told."""
        seq = event.get("seq")
        if isinstance(seq, int):
            if seq <= self.seq:
                return
            if seq != self.seq + 1 and "r" in self.access:
                self._report_gap("events are missing", first=self.seq + 1, last=seq - 1)
            self.seq = seq
        self._inbox.put(event)

    def enter(self, answer: Event) -> None:
        """`joined` came, on the first connection or a later one."""
        epoch, seq = answer.get("epoch"), answer.get("seq")
        seq = seq if isinstance(seq, int) else 0  # what another server says otherwise is passed over
        # A server without epochs (the article's) keeps no history: what was said meanwhile is lost, and must be told.
        has_lost = self.joined.done() and (epoch != self.epoch or answer.get("gap", True))
        if has_lost and epoch == self.epoch and epoch is not None:
            self._report_gap("the server cannot give what was missed", first=self.seq + 1, last=seq)
        elif has_lost:
            self._report_gap("the server remembers nothing of before")
        if has_lost or not self.joined.done():
            self.seq = seq
        self.epoch, self.access = epoch, str(answer.get("access", "rw"))
        self.is_joined = True
        if not self.joined.done():
            self.joined.set_result(self)

    @property
    def since(self) -> dict[str, Any] | None:
        """Where we stopped hearing; None when the server does not count."""
        return {"epoch": self.epoch, "seq": self.seq} if self.epoch is not None else None

    @property
    def knows_leave(self) -> bool:
        """A server without epochs (the article's) closes the connection of who says `leave`."""
        return self.epoch is not None

    def end(self, why: BaseException) -> None:
        """Nothing more will come. ClientClosed ends the iteration quietly, anything else is raised by it."""
        self.is_joined = False
        self.ended_by = why
        self._inbox.end(why)
        if not self.joined.done():
            self.joined.set_exception(why)
            self.joined.exception()  # somebody may have stopped waiting: then nobody fetches it

    def _check(self) -> None:
        self._status.check()
        if self.ended_by is not None:
            raise self.ended_by.with_traceback(None)

    def _report_gap(self, why: str, **missing: int) -> None:
        self._status.note("gap", room=self.room_id, why=why, **missing)
        self._inbox.put({"type": "gap", "roomId": self.room_id, "why": why, **missing})
