"""The hub of one server. It turns each message into an action, which its `Order` then performs.

    connection -> messages.decode -> session.receive -> [action] -> order -> commit_queue -> rooms -> connection

The actions are performed by `wire.authentication` (credentials), `wire.membership` (rooms), `wire.publishing` (events)
and `wire.replies`. Every effect goes through the commit queue, so no client receives anything that is not stored, and
each client's answers come in the order of its messages.
"""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic, time

from labkit.rules import actions, answers
from labkit.rules.admission import ClientCountTracker, window_ms
from labkit.rules.close_codes import CloseCode, reason_with_retry, row
from labkit.rules.messages import InvalidMessage, Message
from labkit.wire.admission import Peer
from labkit.wire.audit.writer import Entry
from labkit.wire.fast.path import FastPath
from labkit.wire.fast.pings import QuickPong
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.order import LocalOrder, Order
from labkit.wire.seams.validator import OwnFault
from labkit.wire.server_state import ServerState

_LOGGER = logging.getLogger(__name__)


class Hub:
    """Handles the life cycle of every connection to one server: opened, messages received, closing, lost."""

    def __init__(self, state: ServerState, new_order: Callable[[ServerState, HeldInput], Order] = LocalOrder) -> None:
        self.state = state
        self._held = HeldInput(self.receive)
        self.order = new_order(state, self._held)
        path = state.path
        self._quick_pong = QuickPong(state.queue, path, self.order.is_clear) if isinstance(path, FastPath) else None
        self._crowd = ClientCountTracker()
        self._slow: list[Member] = []

    # A connection's life cycle

    def opened(self, connection: Member) -> None:
        """Register a connection after its handshake."""
        self.state.counts.handshakes += 1
        self.state.connections[connection.id] = connection
        retry = self.state.admission.too_fast()
        if retry is not None:
            self.state.counts.busy += 1
            connection.close(CloseCode.TRY_LATER, reason_with_retry("busy", retry))
        self._send_window()

    def refused(self, peer: Peer, status: int) -> None:
        """Record a handshake that was refused with this HTTP status."""
        self.state.counts.refused[status] += 1
        body = answers.encode({"address": peer.address, "status": status}).decode()
        self.state.queue.record(Entry(time(), "denied", body=body))

    def receive(self, connection: Member, raw: bytes) -> None:
        """Process a text message. It must be valid UTF-8."""
        state = self.state
        try:
            if self._held and self.order.keeps(connection, raw):  # processed and counted on release
                return
            state.counts.received += 1
            if self._quick_pong is not None and self._quick_pong.answers(connection, raw):
                return
            action = connection.session.receive(self._decode(connection, raw), monotonic())
            if action is not None:
                self.order.perform(connection, action)
        except InvalidMessage as refusal:
            self.order.perform(connection, actions.Close(CloseCode.INVALID_MESSAGE, str(refusal)))
        except OwnFault:
            self._close_for_bug(connection)
        except Exception:  # a bug of ours must end only this connection
            _LOGGER.exception("internal error", extra={"connection": connection.id})
            self._close_for_bug(connection)

    def _decode(self, connection: Member, raw: bytes) -> Message:
        own, most = self.state.own_validator, self.state.limits.max_message_bytes
        is_asked = own is not None and connection.session.identity is not None
        return own.decode(raw, most) if own is not None and is_asked else self.state.path.decode(raw, most)

    def closing(self, connection: Member, code: int, reason: str) -> None:
        """Remove a closing connection from its rooms now, before the TCP connection ends.

        Other members are notified once this is stored. The connection's own close frame does not wait for that.
        """
        self.state.counts.closed[code] += 1
        identity = connection.session.identity
        close = answers.closed_before(code, reason, time())
        self.order.closing(connection, close)
        self.state.sessions.ended(connection, identity, close)
        user = identity.user_id if identity else None
        body = answers.encode({"code": code, "reason": reason}).decode()
        self.state.queue.record(
            Entry(time(), "close", id=connection.id, user=user, connection=connection.id, body=body)
        )
        _LOGGER.info("closed", extra={"connection": connection.id, "user": user, "code": code, "reason": reason})

    def lost(self, connection: Member) -> None:
        """Unregister a connection whose TCP connection has ended."""
        self.state.sockets.discard(connection)
        if self.state.connections.pop(connection.id, None) is not None:
            self._send_window()

    def revoke(self, user_id: str) -> int:
        """End all of a user's sessions. Return the number of connections closed.

        `queue.has_unstored` is true until the revocation is stored.
        """
        return self.order.revoke(user_id)

    def close_slow(self, members: list[Member]) -> None:
        """Close members whose outboxes overflowed, after the current delivery.

        Closing at once could recurse: the close is announced to other members, whose outboxes may overflow in turn.
        """
        if members and not self._slow:
            asyncio.get_running_loop().call_soon(self._close_slow)
        self._slow += members

    def _close_slow(self) -> None:
        slow, self._slow = self._slow, []
        for connection in slow:
            connection.close(CloseCode.TRY_LATER)

    def _close_for_bug(self, connection: Member) -> None:
        reason = row(CloseCode.SERVER_ERROR).reason
        self.order.performers[actions.Close](connection, actions.Close(CloseCode.SERVER_ERROR, reason))

    def _send_window(self) -> None:
        """Send everybody a new reconnect window if the number of connections has doubled or halved."""
        if not self._crowd.changed(len(self.state.connections)):
            return
        body = answers.encode(
            answers.reconnect(window_ms(len(self.state.connections), self.state.limits.handshakes_per_s))
        )
        for connection in list(self.state.connections.values()):
            if connection.heartbeat is not None:  # its auth_ok has been sent
                connection.send(body)
