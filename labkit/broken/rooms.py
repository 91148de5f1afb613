"""Faults in rooms: membership, grants, order, history and deduplication."""

from math import inf
from types import MappingProxyType
from typing import Any

from labkit.broken.planted import Planted, change_grants
from labkit.rules import answers
from labkit.rules.actions import Action, Exit, Publish, Refuse
from labkit.rules.fields import Since
from labkit.rules.grants import EVERY_ROOM, Grants
from labkit.rules.messages import Message, Publication
from labkit.rules.rooms import Event, Membership, Missed, Room
from labkit.rules.session import Session
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.member import Member

# Members and access


class ChatWithoutJoin(Planted):
    """The server trusts the roomId of a message: any authenticated client may publish in any room."""

    found_by = ("rooms/2", "rooms/3", "rooms/10")

    class session(Session):
        def _judge(self, message: Message, now: float) -> Action:
            if isinstance(message, Publication) and message.room_id not in self.rooms:
                return Publish(message)
            return super()._judge(message, now)


class LeaveIsOnlySaid(Planted):
    """The server answers `leave` with `left`, but the member keeps receiving events."""

    found_by = ("rooms/3",)

    def plant(self, hub: Hub) -> None:
        def answer_only(connection: Connection, action: Exit) -> None:
            hub.state.queue.then(None, lambda: connection.send(answers.encode(answers.left(action.room_id))))

        hub.order.performers[Exit] = answer_only


class RoomByPrefix(Planted):
    """Members are looked up by the start of the room id, so they also receive events from rooms with similar ids."""

    found_by = ("rooms/6",)

    def plant(self, hub: Hub) -> None:
        tell = hub.state.path.broadcast

        def tell_namesakes(members: Any, event: answers.Answer, body: bytes) -> None:
            name = event["roomId"]
            others = [room for room in hub.state.rooms if room.room_id.startswith(name) and room.room_id != name]
            tell([*members, *(member for room in others for member in room.members)], event, body)

        hub.state.path.broadcast = tell_namesakes  # type: ignore[assignment, method-assign]


class MembersInAList(Planted):
    """Members are kept in a list, so a client that joins twice receives everything twice."""

    found_by = ("rooms/7",)

    def plant(self, hub: Hub) -> None:
        tell, refuse, twice = hub.state.path.broadcast, hub.order.performers[Refuse], list[Connection]()

        def tell_twice(members: Any, event: answers.Answer, body: bytes) -> None:
            tell([*members, *(member for member in members if member in twice)], event, body)

        def refuse_and_add(connection: Connection, action: Refuse) -> None:
            if action.code == "duplicate_join":
                twice.append(connection)
            refuse(connection, action)

        hub.state.path.broadcast = tell_twice  # type: ignore[assignment, method-assign]
        hub.order.performers[Refuse] = refuse_and_add


class NoGrants(Planted):
    """The ticket carries grants, but the server ignores them."""

    found_by = ("rooms/10", "rooms/11", "rooms/12", "audit/4")

    def plant(self, hub: Hub) -> None:
        change_grants(hub, lambda _: EVERY_ROOM)


class GrantByPrefix(Planted):
    """Every grant counts as a prefix, even one without a star."""

    found_by = ("rooms/11",)

    def plant(self, hub: Hub) -> None:
        change_grants(hub, lambda own: Grants(tuple((room.rstrip("*") + "*", access) for room, access in own.rooms)))


class ListenerMaySpeak(Planted):
    """Access is checked on join, but not when a member publishes."""

    found_by = ("rooms/12",)

    class session(Session):
        def _allow(self, message: Message) -> Action:
            return Publish(message) if isinstance(message, Publication) else super()._allow(message)


# Order, history and deduplication


class SeqWithHoles(Planted):
    """`seq` counts attempts rather than accepted events."""

    found_by = ("rooms/14", "rooms/15")

    class room(Room[Member]):
        def next_seq(self) -> int:
            return self.accepted_seq + 2


class HistoryFromZero(Planted):
    """The server takes `since` for the first event to send, not for the last event that the client has."""

    found_by = ("rooms/15",)

    class room(Room[Member]):
        def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
            found = super().missed(since, place, max_bytes)
            return found._replace(events=found.events[1:])


class GapIsHidden(Planted):
    """A member that returns too late gets `gap: false`, as if it had missed nothing."""

    found_by = ("rooms/16",)

    class room(Room[Member]):
        def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
            return super().missed(since, place, max_bytes)._replace(gap=False)


class NoDedupe(Planted):
    """The server passes on `requestId` but does not remember it, so a retry publishes twice."""

    found_by = ("rooms/17",)
    faulty_limits = MappingProxyType({"dedupe_s": 0})


class DedupeAcrossUsers(Planted):
    """The server remembers a `requestId` without its user, so one user's message suppresses another's."""

    found_by = ("rooms/18",)

    class room(Room[Member]):
        def find_repeated(self, user_id: str, request_id: str, now: float) -> Event | None:
            for user, request in self._requests:
                if request == request_id:
                    return super().find_repeated(user, request_id, now)
            return None
