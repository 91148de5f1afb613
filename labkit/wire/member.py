"""`Member`, the interface through which the parts of a server use a connection.

`wire.connection.Connection` implements it. The parts import only this protocol, so that imports point in one direction:
connection -> hub -> order -> authentication, membership, publishing -> member.
"""

import asyncio
from typing import Protocol

from labkit.rules.close_codes import CloseCode
from labkit.rules.heartbeat import Heartbeat
from labkit.rules.outbox import Outbox
from labkit.rules.session import Session
from labkit.wire.admission import Peer
from labkit.wire.send_queue import SendQueue


class Member(Protocol):
    """A WebSocket connection. `received` and `sent` count messages. `since` is its start, in seconds since 1970."""

    id: str
    session: Session
    peer: Peer
    heartbeat: Heartbeat | None
    send_queue: SendQueue
    outbox: Outbox
    due: list[bytes]
    transport: asyncio.Transport
    since: float
    received: int
    sent: int
    closing: bool

    def send(self, body: bytes) -> None:
        """Send one message, unless the connection is closing."""

    def close(self, code: CloseCode, reason: str | None = None) -> None:
        """Close with a code. If `reason` is None, it comes from the table of close codes."""

    def write_due(self) -> None:
        """Write this tick's frames."""

    def arm(self) -> None:
        """Set the timer to the next deadline."""

    def authenticated(self, random_fraction: float) -> None:
        """Start the heartbeat, because the credential was accepted."""

    def __hash__(self) -> int:
        """Hash by identity, because members are kept in sets and dictionaries."""
