"""What a learner's probe looks at in 09-find-fault-2: servers, healthy and not, and lines that are late."""

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

CONNECTIONS = 16  # at most that a probe opens
Way = Callable[[int], Fault]  # what the line with that number does


class TellsAll(Planted):
    """Our server, but everybody hears every chat."""

    def plant(self, hub: Hub) -> None:
        """Tell the members of all rooms."""
        tell = hub.state.path.broadcast

        def tell_all(members: Any, said: answers.Answer, body: bytes) -> None:
            everybody = {id(member): member for room in hub.state.rooms for member in room.members}
            tell(list(everybody.values()) if said["type"] == "chat" else members, said, body)

        hub.state.path.broadcast = tell_all  # type: ignore[assignment, method-assign]


class TellsRoomless(Planted):
    """Our server, but who is in no room at all hears every chat."""

    def plant(self, hub: Hub) -> None:
        """Tell those who are in none, too."""
        tell = hub.state.path.broadcast

        def tell_more(members: Any, said: answers.Answer, body: bytes) -> None:
            inside = {id(member) for room in hub.state.rooms for member in room.members}
            those = [one for one in hub.state.connections.values() if one.session.state is State.OPEN]
            roomless = [one for one in those if id(one) not in inside]
            tell([*members, *roomless] if said["type"] == "chat" else members, said, body)

        hub.state.path.broadcast = tell_more  # type: ignore[assignment, method-assign]


def busy(kind: type[Planted]) -> type[Planted]:
    """Such a server, where a neighbour talks in every room: behind each join, and before each chat."""

    class Busy(kind):  # type: ignore[misc, valid-type]
        def plant(self, hub: Hub) -> None:
            super().plant(hub)
            enter, publish, talk = hub.order.performers[Enter], hub.order.performers[Publish], partial(_talk, hub)

            def enter_and_talk(connection: Any, action: Enter) -> None:
                enter(connection, action)
                hub.state.queue.then(None, talk)

            def talk_and_publish(connection: Any, action: Publish) -> None:
                hub.state.queue.then(None, talk)
                publish(connection, action)

            hub.order.performers |= {Enter: enter_and_talk, Publish: talk_and_publish}

    return Busy


def _talk(hub: Hub) -> None:
    for room in hub.state.rooms:
        said = messages.Chat(room_id=room.room_id, text="the neighbour talks")
        names = {"event_id": hub.state.new_id(), "request_id": hub.state.new_id(), "user_id": "the neighbour"}
        event = answers.event(said, now=time(), seq=room.next_seq(), **names)
        hub.state.path.broadcast(list(room.members), event, answers.encode(event))


@dataclass(frozen=True)
class Late(Fault):
    """A line on which messages of some types take `seconds` more, and what is behind them waits."""

    seconds: float
    types: tuple[str, ...]

    def start(self, at: Start) -> FrameStage:
        """Such a line."""
        return _Late(self, at)


class _Late(FrameStage):
    def __init__(self, late: Late, at: Start) -> None:
        super().__init__(at)
        self._late = late

    def frame(self, frame: Frame, now: float) -> None:
        said = b"".join(one.payload for one in FrameReader().feed(frame.raw))
        is_late = any(f'"{kind}"'.encode() in said for kind in self._late.types)
        self.queue(frame.raw, now + (self._late.seconds if is_late else 0))


def on_time(number: int) -> Late:
    """The line with that number is not late."""
    return Late(0, ())


@contextlib.asynccontextmanager
async def serving(kind: type[Planted], up: Way = on_time, down: Way = on_time) -> AsyncIterator[str]:
    """The address of such a server, through a network whose lines are late like this."""
    async with kind(port=0, limits=Limits()) as server, Proxy(server.url) as proxy:
        for number in range(CONNECTIONS):
            proxy.set(up=[up(number)], down=[down(number)], only=number)
        yield proxy.url
