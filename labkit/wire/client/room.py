"""A client's view of one room: publish messages, and iterate over events, each once and in order.

async for event in room:        # the message as a dictionary; missing events show as {"type": "gap", ...}
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

from labkit.wire.client.inbox import INBOX_EVENTS, Inbox
from labkit.wire.client.state import ClientClosed, Disconnected, Status
from labkit.wire.client.unsent import Event


class ClientRoom:
    """A room that the client has joined. It survives reconnects. `client.join` creates it."""

    def __init__(
        self,
        room_id: str,
        status: Status,
        publish: Callable[[str, str, dict[str, Any]], Awaitable[Event]],
        ask_presence: Callable[[str], Awaitable[Event]],
        leave: Callable[["ClientRoom"], Awaitable[None]],
        inbox_events: int = INBOX_EVENTS,
    ) -> None:
        """`publish` receives a message's roomId, type and fields."""
        self.room_id = room_id
        self.epoch: str | None = None
        self.seq = 0
        self.access = "rw"
        self.is_joined = False
        self.wants_presence = False
        self.joiners = 0  # callers waiting in `client.join`
        self.joined: asyncio.Future[ClientRoom] = asyncio.get_running_loop().create_future()
        self.ended_by: BaseException | None = None
        self._status = status
        self._publish = publish
        self._ask_presence = ask_presence
        self._leave = leave
        self._inbox = Inbox(room_id, inbox_events)

    # Publishing

    async def chat(self, text: str) -> Event:
        """Publish a chat message, and return its event once it is stored. Raises the same exceptions as `publish`."""
        return await self.publish("chat", text=text)

    async def progress(self, job_id: str, phase: str, percent: float, note: str | None = None) -> Event:
        """Publish a job's progress."""
        return await self.publish("progress", jobId=job_id, phase=phase, percent=percent, note=note)

    async def comment(self, target: str, text: str) -> Event:
        """Publish a comment on a target."""
        return await self.publish("comment", target=target, text=text)

    async def read(self, up_to: int) -> Event:
        """Mark everything up to a seq as read."""
        return await self.publish("read", upTo=up_to)

    async def alert(self, severity: str, customer: str, text: str) -> Event:
        """Publish an alert. `severity` is info, warning or critical."""
        return await self.publish("alert", severity=severity, customer=customer, text=text)

    async def exercise(self, exercise: str, status: str, *, at: str, n: int, check: str | None = None) -> Event:
        """Publish this participant's status in an exercise."""
        return await self.publish("exercise", exercise=exercise, status=status, check=check, at=at, n=n)

    async def publish(self, kind: str, **fields: Any) -> Event:
        """Publish a message of any type, and return its event once it is stored. Fields that are None are omitted.

        Raises InvalidMessage (a ValueError), Refused, BufferFull, Stopped or ClientClosed. If you cancel the call, the
        message may still be published.
        """
        self._check()
        given = {name: value for name, value in fields.items() if value is not None}
        return await self._publish(self.room_id, kind, given)

    async def presence(self) -> list[dict[str, str]]:
        """Return the users in the room. From then on, iterating also yields `presence`, `entered` and `gone`.

        After a reconnect, the client requests `presence` again. Raises Refused, Disconnected, Stopped.
        """
        self._check()
        if not self.is_joined:
            raise Disconnected("not in the room at the moment; try again once the connection is back")
        answer = await self._ask_presence(self.room_id)
        self.wants_presence = True
        return list(answer["members"])

    async def leave(self) -> None:
        """Leave the room. Its iteration ends, and its unconfirmed messages fail with ClientClosed."""
        await self._leave(self)

    # Receiving

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._inbox.get()
        except ClientClosed:
            raise StopAsyncIteration from None

    def receive(self, event: Event) -> None:
        """Accept an event from the server. Drop a repeated event, and report missing ones as a gap."""
        seq = event.get("seq")
        if isinstance(seq, int):
            if seq <= self.seq:
                return
            if seq != self.seq + 1 and "r" in self.access:
                self._report_gap("events are missing", first=self.seq + 1, last=seq - 1)
            self.seq = seq
        self._inbox.put(event)

    def enter(self, answer: Event) -> None:
        """Handle `joined`, on the first connection or a later one."""
        epoch, seq = answer.get("epoch"), answer.get("seq")
        seq = seq if isinstance(seq, int) else 0  # ignores unexpected values from other servers
        # A server without epochs (the article's) keeps no history: events during the outage are lost, so report a gap.
        has_lost = self.joined.done() and (epoch != self.epoch or answer.get("gap", True))
        if has_lost and epoch == self.epoch and epoch is not None:
            self._report_gap("the server no longer has the missed events", first=self.seq + 1, last=seq)
        elif has_lost:
            self._report_gap("the server has lost the room's earlier events")
        if has_lost or not self.joined.done():
            self.seq = seq
        self.epoch, self.access = epoch, str(answer.get("access", "rw"))
        self.is_joined = True
        if not self.joined.done():
            self.joined.set_result(self)

    @property
    def since(self) -> dict[str, Any] | None:
        """The position of the last received event, for `join`; None if the server does not number events."""
        return {"epoch": self.epoch, "seq": self.seq} if self.epoch is not None else None

    @property
    def knows_leave(self) -> bool:
        """Whether the server supports `leave`. The article's server, which has no epochs, does not."""
        return self.epoch is not None

    def end(self, why: BaseException) -> None:
        """End the room. Its iteration stops if `why` is ClientClosed; otherwise it raises `why`."""
        self.is_joined = False
        self.ended_by = why
        self._inbox.end(why)
        if not self.joined.done():
            self.joined.set_exception(why)
            self.joined.exception()  # marks it as retrieved, as its caller may be gone

    def _check(self) -> None:
        self._status.check()
        if self.ended_by is not None:
            raise self.ended_by.with_traceback(None)

    def _report_gap(self, why: str, **missing: int) -> None:
        self._status.note("gap", room=self.room_id, why=why, **missing)
        self._inbox.put({"type": "gap", "roomId": self.room_id, "why": why, **missing})
