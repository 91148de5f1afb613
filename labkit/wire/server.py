"""The room server. It listens, passes connections to the hub, and drains when it stops.

    async with labkit.serve(port=0) as server:
        print(server.url)

Read `wire.connection` next, then `wire.hub`.
"""

import asyncio
import logging
import socket
import ssl
import uuid
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic, time
from typing import TYPE_CHECKING, Self

from labkit.platform.sockets import reset
from labkit.rules.admission import drain_slots_ms
from labkit.rules.close_codes import CloseCode, reason_with_retry, row
from labkit.rules.credentials import Credentials
from labkit.rules.limits import Limits
from labkit.rules.loopback import is_loopback
from labkit.rules.outbox import Outbox
from labkit.rules.rooms import Rooms
from labkit.wire.admission import Admission
from labkit.wire.audit.recovery import recover
from labkit.wire.audit.writer import Audit
from labkit.wire.cluster.broker import Broker
from labkit.wire.cluster.order import LogOrder
from labkit.wire.cluster.recovery import recover_shared
from labkit.wire.commit_queue import CommitQueue
from labkit.wire.connection import Connection
from labkit.wire.descriptors import within_descriptors
from labkit.wire.fast.path import FastPath, PlainPath
from labkit.wire.http.routes import Http, Routes
from labkit.wire.http.users import Directory
from labkit.wire.hub import Hub
from labkit.wire.keyfile import Key, key_path, load_or_create_key, new_key
from labkit.wire.listening import EVERYWHERE, LOCALHOST, Listening
from labkit.wire.member import Member
from labkit.wire.restore import restore
from labkit.wire.seams.desk import NewDesk, OwnDesk
from labkit.wire.seams.heartbeat import HeartbeatMaker, NewBeating
from labkit.wire.seams.history import NewHistory, RoomMaker
from labkit.wire.seams.learners_class import OwnClass
from labkit.wire.seams.outbox import NewWaiting, OutboxMaker
from labkit.wire.seams.validator import OwnValidator, Validate, encode_as_python
from labkit.wire.server_state import ServerState
from labkit.wire.sessions import Sessions

if TYPE_CHECKING:  # it imports PyJWT, which most servers do not need
    from labkit.wire.external.identities import Identities

_LOGGER = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0


class CannotListen(OSError):
    """The server cannot listen on its address. Any other OSError at the start has another cause, such as the disk."""


class Server:
    """A room server. Use it once, with `async with`; leaving the block drains it."""

    def __init__(
        self,
        host: str = LOCALHOST,
        port: int = 8080,
        *,
        # Authentication
        token: str | None = "dev-token",
        users: Directory | None = None,
        identities: "Identities | None" = None,
        ops_token: str | None = None,
        allow_origins: Collection[str] = (),
        # More HTTP routes
        routes: Routes | None = None,
        # Storage
        audit: Path | None = None,
        # For rooms shared with other servers; all servers need the same key
        broker: Broker | None = None,
        key: Key | None = None,
        # Signs sessions that survive a restart even without an audit file; a revocation calls `forget_key`
        session_key: Key | None = None,
        forget_key: Callable[[], object] = lambda: None,
        reuse_port: bool = False,
        limits: Limits | None = None,
        # TLS
        tls: ssl.SSLContext | None = None,
        # For lessons: your own classes decide how much may wait for a member (wire.seams.outbox), when to ping it and
        # when to consider it dead (wire.seams.heartbeat), when to store and deliver an event (wire.seams.desk), what a
        # returning member receives (wire.seams.history), and which texts are messages (wire.seams.validator)
        outbox: NewWaiting | None = None,
        heartbeat: NewBeating | None = None,
        desk: NewDesk | None = None,
        history: NewHistory | None = None,
        validator: Validate | None = None,
        # For tests and replays
        rng: Random | None = None,
    ) -> None:
        """`token` is the dev token, or None to disable it. `audit` is a file, created if it does not exist.

        `identities`: users for whom another system vouches.

        Raises ValueError if there is a `desk` and no audit file.
        """
        if desk is not None and audit is None:
            raise ValueError("desk= decides when events are stored, but there is no file to store them in; give audit=")
        self.host = host
        self.port = port
        self.limits = limits or Limits()
        self._token = token
        self._users = users
        self._identities = identities
        self._ops_token = ops_token
        self._allow_origins = allow_origins
        self._routes = routes
        self._audit_path = audit
        self._is_tls = tls is not None
        self._rng = rng or SystemRandom()
        self._outboxes = None if outbox is None else OutboxMaker(outbox)
        self._heartbeats = None if heartbeat is None else HeartbeatMaker(heartbeat)
        self._desks = None if desk is None else OwnClass(desk)
        self._rooms = None if history is None else RoomMaker(history)
        self._validator = None if validator is None else OwnValidator(validator)
        self._audit: Audit | None = None
        self._broker = broker
        self._log_order: LogOrder | None = None
        self._key = key
        self._session_key = session_key
        self._forget_key = forget_key
        self._max_sockets: int | None = None
        self._listening = Listening(
            self._new_connection, self.limits, tls, reuse_port=reuse_port, has_room=self._has_room
        )

    @property
    def url(self) -> str:
        """The address for clients."""
        scheme = "wss" if self._is_tls else "ws"
        host = "0.0.0.0" if self.host == EVERYWHERE else self.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def key_file(self) -> Path | None:
        """The file of the key that signs credentials; None if it is not in a file beside an audit file."""
        return key_path(self._audit_path) if self._audit_path is not None and self._broker is None else None

    @property
    def is_on_ipv6(self) -> bool:
        """Whether it listens at an IPv6 address."""
        return socket.AF_INET6 in self._listening.families

    async def __aenter__(self) -> Self:
        """Start the server. Raises CannotListen, or AuditError or KeyFileError if the audit file cannot be used."""
        self.limits, self._max_sockets = within_descriptors(self.limits)
        try:
            self.hub = self._new_hub() if self._broker is None else await self._shared_hub(self._broker)
            self.http = self._new_http(self.hub)
            self.port = await self._listen()
        except BaseException:
            await self._leave_broker()
            await self._close_audit()
            raise
        self._look_after_rooms()
        loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
        _LOGGER.info("listening", extra={"url": self.url, "loop": loop})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    async def _listen(self) -> int:
        try:
            return await self._listening.start(self.host, self.port)
        except OSError as error:
            raise CannotListen(error.errno, error.strerror or str(error)) from None
        except UnicodeError:  # the name cannot be encoded for a DNS query
            raise CannotListen(socket.EAI_NONAME, "not a valid host name") from None

    def _new_hub(self) -> Hub:
        key, past = self._session_key or new_key(), None
        if self._audit_path is not None:
            self._audit = Audit(self._audit_path, self.limits)
            key = load_or_create_key(self._audit_path)
            past = recover(self._audit_path, self.limits, time())
        state = self._new_state(key, Rooms(self.limits, _new_epoch))
        if past is not None:
            restore(past, state.rooms, state.sessions, time(), monotonic())
        return Hub(state)

    async def _shared_hub(self, broker: Broker) -> Hub:
        """Create a hub, and wait until it has read the whole log. Raises the broker's exceptions."""
        await broker.open()
        if self._audit_path is not None:
            self._audit = Audit(self._audit_path, self.limits)
        shared = recover_shared(self._audit_path, self.limits, broker.epoch)
        rooms: Rooms[Member] = Rooms(self.limits, lambda: broker.epoch, idle_rooms=None)
        state = self._new_state(self._key or new_key(), rooms, broker.epoch)
        state.sessions.order = shared.place
        restore(shared.past, state.rooms, state.sessions, time())
        hub = Hub(state, partial(LogOrder, broker=broker))
        assert isinstance(hub.order, LogOrder)
        self._log_order = hub.order
        await self._log_order.follow(shared.place)
        return hub

    def _new_state(self, key: Key, rooms: Rooms[Member], epoch: str | None = None) -> ServerState:
        if self._rooms is not None:
            rooms.new_room = self._rooms
        admission = Admission(
            self.limits,
            on_loopback=self._on_loopback(),
            allow_origins=self._allow_origins,
            max_sockets=self._max_sockets,
        )
        return ServerState(
            limits=self.limits,
            admission=admission,
            sessions=self._new_sessions(key, epoch),
            rooms=rooms,
            queue=self._new_queue(),
            path=FastPath() if self.limits.fast_path else PlainPath(),
            new_id=_new_id,
            rng=self._rng,
            new_outbox=self._outboxes or Outbox,
            new_heartbeat=self._heartbeats,
            own_validator=self._validator,
            encode_event=None if self._validator is None else encode_as_python,
            identities=self._identities,
        )

    def _new_queue(self) -> CommitQueue:
        if self._desks is not None and self._audit is not None:
            return OwnDesk(self._audit, self._desks)
        return CommitQueue(self._audit)

    def _new_sessions(self, key: Key, epoch: str | None) -> Sessions:
        if key is not self._session_key:
            return Sessions(self.limits, Credentials(*key), _new_id, self._token, epoch, identities=self._identities)
        credentials = Credentials(*key, new_key().secret)  # spent tickets are not stored, so older tickets must end
        forget, elsewhere = self._forget_key, self._identities
        return Sessions(self.limits, credentials, _new_id, self._token, at_revocation=forget, identities=elsewhere)

    def _new_http(self, hub: Hub) -> Http:
        return Http(
            hub.state,
            hub.revoke,
            lambda: hub.order.broker_is_up,
            users=self._users,
            ops_token=self._ops_token,
            more=self._routes,
        )

    def _on_loopback(self) -> bool:
        return is_loopback(self.host)

    def _new_connection(self) -> Connection:
        return Connection(self.hub, self.http)

    def _has_room(self, opening: int) -> bool:
        """Return whether a file descriptor is left for one more socket, besides those open and opening."""
        return self.hub.state.admission.has_descriptor(len(self.hub.state.sockets) + opening + 1)

    async def drain(self) -> None:
        """Stop accepting connections, close each client with 1012 and a retry slot, store everything, and stop."""
        self.hub.state.admission.is_draining = True
        self._listening.stop()
        connections = list(self.hub.state.connections.values())
        _LOGGER.info("draining", extra={"connections": len(connections)})
        slots = drain_slots_ms(len(connections), self.limits.handshakes_per_s, self._rng)
        for connection, slot in zip(connections, slots, strict=True):
            reason = reason_with_retry(row(CloseCode.RESTART).reason, slot)
            self.hub.state.queue.then(None, lambda c=connection, r=reason: c.close(CloseCode.RESTART, r))  # type: ignore[misc]
        await self.hub.state.queue.empty()
        await self._gone()
        await self._leave_broker()
        self._looking.cancel()
        self.hub.state.queue.give_up()
        await self._close_audit()

    def users_here(self) -> set[str]:
        """Return the users with an authenticated connection."""
        identities = (connection.session.identity for connection in self.hub.state.connections.values())
        return {identity.user_id for identity in identities if identity is not None}

    @property
    def own_faults(self) -> list[str]:
        """What your own classes raised so far."""
        classes = (self._outboxes, self._heartbeats, self._desks, self._rooms, self._validator)
        return [fault for own in classes if own is not None for fault in own.faults]

    def drop_everybody(self) -> None:
        """Reset every socket without a close frame, as a crash would. The server keeps running."""
        for connection in list(self.hub.state.sockets):
            reset(connection.transport)

    async def crash(self) -> None:
        """End as `kill -9` would: reset every socket, and forget all that is in memory. Only for lessons and tests."""
        self._listening.stop()
        self._looking.cancel()
        self.hub.state.queue.give_up()
        if self._audit is not None:
            self._audit.abandon()
        self.drop_everybody()
        await asyncio.sleep(0)
        while self.hub.state.sockets:  # again and again: a connection that was just accepted shows up a tick later
            self.drop_everybody()
            await asyncio.sleep(0)

    def fill_disk(self) -> None:
        """Let the audit file grow no further, as on a full disk, until `free_disk`. Without a file, do nothing."""
        if self._audit is not None:
            self._audit.fill()

    def free_disk(self) -> None:
        """Let the audit file grow again."""
        if self._audit is not None:
            self._audit.free()

    def _look_after_rooms(self) -> None:
        self.hub.state.rooms.forget_old(self.hub.order.clock())
        self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look_after_rooms)

    async def _gone(self) -> None:
        """Wait until every peer has answered our close frame, or until the deadlines have passed."""
        last_moment = asyncio.get_running_loop().time() + self.limits.close_deadline_s + 0.5
        while self.hub.state.connections and asyncio.get_running_loop().time() < last_moment:
            await asyncio.sleep(0.01)
        for connection in list(self.hub.state.sockets):
            reset(connection.transport)
        await asyncio.sleep(0)
        await self.hub.state.queue.empty()

    async def _leave_broker(self) -> None:
        if self._broker is not None:
            await (self._broker if self._log_order is None else self._log_order).close()

    async def _close_audit(self) -> None:
        if self._audit is not None:
            await asyncio.to_thread(self._audit.close)


serve = Server


def _new_id() -> str:
    return str(uuid.uuid4())


def _new_epoch() -> str:
    return uuid.uuid4().hex[:12]
