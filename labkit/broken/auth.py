"""Faults in authentication, tickets and sessions."""

import asyncio
from time import time
from types import MappingProxyType
from typing import Any

from labkit.broken.planted import Planted
from labkit.platform.sockets import reset
from labkit.rules.actions import Action, Close
from labkit.rules.close_codes import CloseCode
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.messages import Auth, Message
from labkit.rules.session import Identity, Session, State
from labkit.wire.connection import Connection
from labkit.wire.external.gateway import Gateway
from labkit.wire.external.identities import Identities
from labkit.wire.hub import Hub


class NoAuthTimeout(Planted):
    """A connection that never authenticates stays open forever."""

    found_by = ("auth/4", "auth/5", "auth/19")
    faulty_limits = MappingProxyType({"auth_timeout_s": None})


class PingsPutOffAuth(Planted):
    """Every byte restarts the auth timer, as if it were an idle timeout."""

    found_by = ("auth/5",)

    class connection(Connection):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.session.state is State.AUTHENTICATING:
                self._start_deadline(self.hub.state.limits.auth_timeout_s)


class GuestsBeforeAuth(Planted):
    """A client that has not authenticated is treated as a guest, and guests may do everything."""

    found_by = ("auth/1", "auth/2", "auth/3", "secrets/1")

    class session(Session):
        def receive(self, message: Message, now: float) -> Action | None:
            if self.state is State.AUTHENTICATING and not isinstance(message, Auth):
                self.accepted(Identity("guest", "guest", EVERY_ROOM, time() + 60))
            return super().receive(message, now)


class ClosedConnectionActs(Planted):
    """After sending a close frame, the server still acts on the messages that arrive."""

    found_by = ("auth/8", "rooms/4")

    def plant(self, hub: Hub) -> None:
        close_properly = hub.order.performers[Close]

        def close(connection: Connection, action: Close) -> None:
            if connection.closing or action.code is CloseCode.RATE_LIMITED:
                return close_properly(connection, action)
            rooms = dict(connection.session.rooms)
            connection.session.rooms.clear()
            hub.closing(connection, action.code, action.reason)
            connection.session.rooms.update(rooms)
            connection.write_due()
            connection.closing, connection.heartbeat = True, None
            connection.frames.send_close(action.code, action.reason)
            asyncio.get_running_loop().call_later(hub.state.limits.close_deadline_s, reset, connection.transport)
            return None

        hub.order.performers[Close] = close


class TokenByPrefix(Planted):
    """Tokens are compared only up to the length of the shorter one."""

    found_by = ("auth/7",)

    def plant(self, hub: Hub) -> None:
        check, right = hub.state.sessions._check_dev_token, hub.state.sessions._dev_token or ""

        def check_prefix(token: str, trusted: bool) -> None:
            check(right if token.startswith(right) or right.startswith(token) else token, trusted)

        hub.state.sessions._check_dev_token = check_prefix  # type: ignore[method-assign]


class ResumeWithoutSignature(Planted):
    """The resume credential is signed, but the signature is not checked."""

    found_by = ("auth/13",)

    def plant(self, hub: Hub) -> None:
        issue, admit, issued = hub.state.sessions.resume, hub.state.sessions.admit, dict[str, str]()

        def issue_and_keep(identity: Identity) -> str:
            credential = issue(identity)
            issued[credential.rpartition(".")[0]] = credential
            return credential

        def admit_unsigned(token: str, **options: Any) -> Any:
            return admit(issued.get(token.rpartition(".")[0], token), **options)

        hub.state.sessions.resume = issue_and_keep  # type: ignore[method-assign]
        hub.state.sessions.admit = admit_unsigned  # type: ignore[method-assign]


class OlderConnectionStays(Planted):
    """A session may have any number of connections, because a new one does not close the older one."""

    found_by = ("auth/14",)

    def plant(self, hub: Hub) -> None:
        newest = hub.state.sessions.newest
        hub.state.sessions.newest = lambda *both: newest(*both) and None  # type: ignore[method-assign]


class TicketOpensTwice(Planted):
    """A ticket is signed and short-lived, but may be used more than once."""

    found_by = ("auth/15",)

    def plant(self, hub: Hub) -> None:
        hub.state.sessions._spent.spend = lambda *_: True  # type: ignore[method-assign]


class RefreshChangesTheUser(Planted):
    """`refresh` accepts any valid credential, even another user's."""

    found_by = ("auth/17",)

    def plant(self, hub: Hub) -> None:
        sessions = hub.state.sessions
        sessions.renew = lambda _, token, **options: sessions.admit(token, **options)  # type: ignore[method-assign]


class AnybodyIsTheGateway(Planted):
    """The gateway's header names the user, whichever address it comes from."""

    found_by = ("auth/21",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        gateway = _Anywhere(["192.0.2.1"], "X-User", default_rooms=EVERY_ROOM)
        super().__init__(*arguments, **options, identities=Identities(gateway=gateway))


class _Anywhere(Gateway):
    def is_here(self, address: str) -> bool:
        return True


class RevokedStaysConnected(Planted):
    """Revocations are checked only when a client connects, and never again."""

    found_by = ("auth/20",)

    def plant(self, hub: Hub) -> None:
        sessions, revoke = hub.state.sessions, hub.state.sessions.revoke
        sessions.revoke = lambda *which: ([], revoke(*which)[1])  # type: ignore[method-assign]
