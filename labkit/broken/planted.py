"""The base of every broken server, and helpers for planting faults."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from labkit.platform.sockets import reset
from labkit.rules.grants import Grants
from labkit.rules.heartbeat import Heartbeat
from labkit.rules.limits import Limits
from labkit.rules.rooms import Room, Rooms
from labkit.rules.session import Session
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.keyfile import Key
from labkit.wire.member import Member
from labkit.wire.message_assembly import MessageAssembly
from labkit.wire.send_queue import SendQueue
from labkit.wire.server import Server
from labkit.wire.server_state import ServerState

NO_LIMITS: Mapping[str, Any] = MappingProxyType({})


class Planted(Server):
    """Our server, with a planted fault. A subclass replaces a part or the limits, or plants its fault in the hub.

    It runs without the fast path, because the shortcuts there bypass the places where faults are planted.
    """

    found_by: tuple[str, ...] = ()  # exactly the probes that find the fault; all others pass
    reviewed_limits = NO_LIMITS  # set on the server and given to the reviewer, so that the review ends in time
    faulty_limits = NO_LIMITS

    connection: type[Connection] = Connection
    session: type[Session] = Session
    assembly: type[MessageAssembly] = MessageAssembly
    heartbeat: type[Heartbeat] = Heartbeat
    send_queue: type[SendQueue] = SendQueue
    room: type[Room[Member]] = Room

    def __init__(self, *arguments: Any, limits: Limits | None = None, **options: Any) -> None:
        faulty = (limits or Limits()).set({"fast_path": False, **self.faulty_limits})
        super().__init__(*arguments, limits=faulty, **options)
        parts = {
            "_new_session": self.session,
            "_new_assembly": self.assembly,
            "_new_heartbeat": self.heartbeat,
            "_new_send_queue": self.send_queue,
        }
        self._connection_type = cast(type[Connection], type("PlantedConnection", (self.connection,), parts))

    def plant(self, hub: Hub) -> None:
        """Plant the fault in the hub, before the first client connects."""

    def _new_state(self, key: Key, rooms: Rooms[Member], epoch: str | None = None) -> ServerState:
        rooms.new_room = self.room
        return super()._new_state(key, rooms, epoch)

    def _new_hub(self) -> Hub:
        hub = super()._new_hub()
        self.plant(hub)
        return hub

    def _new_connection(self) -> Connection:
        return self._connection_type(self.hub, self.http)


def rewrite_messages(hub: Hub, pattern: bytes, replacement: bytes) -> None:
    """Replace each match of a regular expression in every message before the server reads it."""
    receive = hub.receive

    def receive_rewritten(connection: Member, raw: bytes) -> None:
        receive(connection, re.sub(pattern, replacement, raw))

    hub.receive = receive_rewritten  # type: ignore[method-assign]


def drop_entries(hub: Hub, kind: str) -> None:
    """Keep entries of one kind out of the audit file."""
    record = hub.state.queue.record
    hub.state.queue.record = lambda entry: None if entry.kind == kind else record(entry)  # type: ignore[method-assign]


def change_grants(hub: Hub, change: Callable[[Grants], Grants]) -> None:
    """Change the grants of every client that authenticates."""
    admit = hub.state.sessions.admit

    def admit_with_other_grants(token: str, **options: Any) -> Any:
        identity, entries = admit(token, **options)
        return replace(identity, grants=change(identity.grants)), entries

    hub.state.sessions.admit = admit_with_other_grants  # type: ignore[method-assign]


def end_process(hub: Hub) -> None:
    """Reset every client, as if the process had died and a supervisor had restarted it at once."""
    for connection in list(hub.state.sockets):
        reset(connection.transport)
