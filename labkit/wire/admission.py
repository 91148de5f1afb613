"""Admission of connections: limits, origin check, handshake rate, and trust in the dev token.

Combines `rules.admission`, `rules.origin` and `rules.loopback` with a clock.
"""

from collections.abc import Collection
from time import monotonic
from typing import NamedTuple

from labkit.rules.admission import ConnectionCounter, HandshakeLimiter
from labkit.rules.limits import Limits
from labkit.rules.loopback import is_loopback
from labkit.rules.origin import is_allowed

MAX_REFUSED_SOCKETS = 256  # sockets over the limits that are kept open for an HTTP 503


class Peer(NamedTuple):
    """The other end of a socket. `came_through` says what reveals a proxy in between; None when nothing does."""

    address: str
    is_loopback: bool
    came_through: str | None = None


class Admission:
    """Admission to one server. `on_loopback`: it listens on loopback only."""

    def __init__(
        self, limits: Limits, *, on_loopback: bool, allow_origins: Collection[str] = (), max_sockets: int | None = None
    ) -> None:
        """`max_sockets` is the number of file descriptors for sockets, refused ones included; None for no bound."""
        self._max_sockets = max_sockets
        self.on_loopback = on_loopback
        self.is_draining = False
        self._counter = ConnectionCounter(limits)
        self._limiter = HandshakeLimiter(limits.handshakes_per_s, monotonic())
        self._allow_origins = frozenset(allow_origins)

    def enter(self, peer: Peer) -> bool:
        """Count a socket and return True, or return False at a limit. Pair each True with one `leave`."""
        return self._counter.enter(peer.address)

    def can_answer(self, sockets: int) -> bool:
        """Return whether, of this many open sockets, few enough are over the limits to answer each with HTTP 503."""
        return sockets - self._counter.count <= MAX_REFUSED_SOCKETS

    def has_descriptor(self, sockets: int) -> bool:
        """Return whether this many sockets may be open at a time."""
        return self._max_sockets is None or sockets <= self._max_sockets

    def leave(self, peer: Peer) -> None:
        """Uncount a socket that has ended."""
        self._counter.leave(peer.address)

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page of this origin may connect."""
        return is_allowed(origin, host, on_loopback=self.on_loopback, allow=self._allow_origins)

    def too_fast(self) -> int | None:
        """Return the milliseconds after which a client over the handshake rate should retry; None to admit it."""
        return self._limiter.admit(monotonic())

    def trusts(self, peer: Peer) -> bool:
        """Return whether the peer may use the dev token: it is on this machine, with no proxy in between."""
        return self.why_not_trusted(peer) is None

    def why_not_trusted(self, peer: Peer) -> str | None:
        """Return why the correct dev token is refused from this peer; None when it is accepted."""
        if not self.on_loopback:
            return "the server listens on more than loopback"
        return peer.came_through if peer.is_loopback else "the connection comes from another machine"


def peer_of(peername: object) -> Peer:
    """Make a Peer from the `peername` of an asyncio transport."""
    address = peername[0] if isinstance(peername, tuple) and peername else ""
    return Peer(address, is_loopback(address))
