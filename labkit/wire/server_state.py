"""A server's shared state. `wire.server` creates it once and passes it to all parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from labkit.rules.answers import Answer
from labkit.rules.limits import Limits
from labkit.rules.outbox import NewOutbox, Outbox
from labkit.rules.rooms import Rooms
from labkit.wire.admission import Admission
from labkit.wire.commit_queue import CommitQueue
from labkit.wire.counts import Counts
from labkit.wire.fast.path import FastPath, PlainPath
from labkit.wire.member import Member
from labkit.wire.seams.heartbeat import NewHeartbeat
from labkit.wire.seams.validator import OwnValidator
from labkit.wire.sessions import Sessions

if TYPE_CHECKING:  # it imports PyJWT, which most servers do not need
    from labkit.wire.external.identities import Identities


@dataclass(frozen=True, slots=True, eq=False)
class ServerState:
    """The shared state. `sockets` holds all TCP connections; `connections` holds the WebSockets by connectionId."""

    limits: Limits
    admission: Admission
    sessions: Sessions
    rooms: Rooms[Member]
    queue: CommitQueue
    path: FastPath | PlainPath
    new_id: Callable[[], str]
    rng: Random
    new_outbox: NewOutbox = Outbox
    new_heartbeat: NewHeartbeat | None = None  # None: that of the connection
    own_validator: OwnValidator | None = None  # None: that of the path
    encode_event: Callable[[Answer], bytes] | None = None  # None: as it is stored
    identities: "Identities | None" = None
    counts: Counts = field(default_factory=Counts)
    sockets: set[Member] = field(default_factory=set)
    connections: dict[str, Member] = field(default_factory=dict)
