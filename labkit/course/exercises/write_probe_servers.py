"""The servers that a learner's probe looks at in 09-find-fault-2, healthy and faulty, and slow connections to them."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any

from labkit.broken.planted import Planted
from labkit.faults import Fault, Proxy
from labkit.faults.fault import Start
from labkit.faults.frame_stage import Frame, FrameStage
from labkit.review.frames import FrameReader
from labkit.rules import answers, messages
from labkit.rules.actions import Enter, Publish
from labkit.rules.limits import Limits
from labkit.rules.session import State
from labkit.wire.hub import Hub

CONNECTIONS = 16  # the most that a probe opens
Line = Callable[[int], Fault]  # from the number of a connection to what the network does to it


class DeliversToAll(Planted):
    """Our server, but it sends every chat to every client."""

    def plant(self, hub: Hub) -> None:
        """Deliver to the members of all rooms."""
        tell = hub.state.path.broadcast

        def tell_all(members: Any, message: answers.Answer, body: bytes) -> None:
            everybody = {id(member): member for room in hub.state.rooms for member in room.members}
            tell(list(everybody.values()) if message["type"] == "chat" else members, message, body)

        hub.state.path.broadcast = tell_all  # type: ignore[assignment, method-assign]


class DeliversToRoomless(Planted):
    """Our server, but it sends every chat to clients in no room, too."""

    def plant(self, hub: Hub) -> None:
        """Deliver to clients in no room, too."""
        tell = hub.state.path.broadcast

        def tell_more(members: Any, message: answers.Answer, body: bytes) -> None:
            inside = {id(member) for room in hub.state.rooms for member in room.members}
            served = [one for one in hub.state.connections.values() if one.session.state is State.OPEN]
            roomless = [one for one in served if id(one) not in inside]
            tell([*members, *roomless] if message["type"] == "chat" else members, message, body)

        hub.state.path.broadcast = tell_more  # type: ignore[assignment, method-assign]


def busy(kind: type[Planted]) -> type[Planted]:
    """Return a server of that kind on which another user chats in every room, after each join and before each chat."""

    class Busy(kind):  # type: ignore[misc, valid-type]
        def plant(self, hub: Hub) -> None:
            super().plant(hub)
            enter, publish, chat = hub.order.performers[Enter], hub.order.performers[Publish], partial(_chat, hub)

            def enter_and_chat(connection: Any, action: Enter) -> None:
                enter(connection, action)
                hub.state.queue.then(None, chat)

            def chat_and_publish(connection: Any, action: Publish) -> None:
                hub.state.queue.then(None, chat)
                publish(connection, action)

            hub.order.performers |= {Enter: enter_and_chat, Publish: chat_and_publish}

    return Busy


def _chat(hub: Hub) -> None:
    for room in hub.state.rooms:
        chat = messages.Chat(room_id=room.room_id, text="small talk from another user")
        names = {"event_id": hub.state.new_id(), "request_id": hub.state.new_id(), "user_id": "another user"}
        event = answers.event(chat, now=time(), seq=room.next_seq(), **names)
        hub.state.path.broadcast(list(room.members), event, answers.encode(event))


@dataclass(frozen=True)
class Late(Fault):
    """A connection on which messages of some types take `seconds` longer, and what follows waits behind them."""

    seconds: float
    types: tuple[str, ...]

    def start(self, at: Start) -> FrameStage:
        """Start on one connection."""
        return _Late(self, at)


class _Late(FrameStage):
    def __init__(self, late: Late, at: Start) -> None:
        super().__init__(at)
        self._late = late

    def frame(self, frame: Frame, now: float) -> None:
        payload = b"".join(one.payload for one in FrameReader().feed(frame.raw))
        is_late = any(f'"{kind}"'.encode() in payload for kind in self._late.types)
        self.queue(frame.raw, now + (self._late.seconds if is_late else 0))


def on_time(number: int) -> Late:
    """Delay nothing."""
    return Late(0, ())


@contextlib.asynccontextmanager
async def serving(kind: type[Planted], up: Line = on_time, down: Line = on_time) -> AsyncIterator[str]:
    """Serve a server of that kind; yields its address, behind a network with these delays."""
    async with kind(port=0, limits=Limits()) as server, Proxy(server.url) as proxy:
        for number in range(CONNECTIONS):
            proxy.set(up=[up(number)], down=[down(number)], only=number)
        yield proxy.url
