"""Admission of connections: the limits, the origin check, the handshake rate, and who may use the dev token.

Combines `rules.admission`, `rules.origin` and `rules.loopback` with a real clock.
"""

from collections.abc import Collection
from time import monotonic
from typing import NamedTuple

from labkit.rules.admission import ConnectionCounter, HandshakeLimiter
from labkit.rules.limits import Limits
from labkit.rules.loopback import is_loopback
from labkit.rules.origin import OPAQUE, is_allowed
from labkit.wire.external.claims import External, Refusal

MAX_REFUSED_SOCKETS = 256  # how many sockets over the limits stay open long enough to send an HTTP 503


class Peer(NamedTuple):
    """The other end of a socket. `came_through` is the evidence of a proxy in between, or None if there is none.

    `named`: what a cookie or a gateway's header in the handshake said about the user.
    """

    address: str
    is_loopback: bool
    came_through: str | None = None
    named: External | Refusal | None = None


class Admission:
    """Decides which connections one server admits. `on_loopback` means that it listens only on loopback."""

    def __init__(
        self, limits: Limits, *, on_loopback: bool, allow_origins: Collection[str] = (), max_sockets: int | None = None
    ) -> None:
        """`max_sockets` is how many sockets may be open, including refused ones. None means no limit."""
        self._max_sockets = max_sockets
        self.on_loopback = on_loopback
        self.is_draining = False
        self._counter = ConnectionCounter(limits)
        self._limiter = HandshakeLimiter(limits.handshakes_per_s, monotonic())
        self._allow_origins = frozenset(allow_origins)

    def enter(self, peer: Peer) -> bool:
        """Count a socket and return True, or return False if a limit is reached. Call `leave` once for each True."""
        return self._counter.enter(peer.address)

    def can_answer(self, sockets: int) -> bool:
        """Return whether a refused socket can still get an HTTP 503 while this many sockets are open."""
        return sockets - self._counter.count <= MAX_REFUSED_SOCKETS

    def has_descriptor(self, sockets: int) -> bool:
        """Return whether this many sockets may be open at once."""
        return self._max_sockets is None or sockets <= self._max_sockets

    def leave(self, peer: Peer) -> None:
        """Stop counting a socket that has closed."""
        self._counter.leave(peer.address)

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page with this origin may connect."""
        return is_allowed(origin, host, on_loopback=self.on_loopback, allow=self._allow_origins)

    def owns_cookies(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page with this origin may use its visitor's cookie: the server's own, or a named one.

        Stricter than `origin_allowed`: browsers send a cookie to every port of a host, and a sandboxed page of any
        site has the origin null.
        """
        if origin is None or origin == OPAQUE:
            return False
        return is_allowed(origin, host, on_loopback=False, allow=self._allow_origins)

    def too_fast(self) -> int | None:
        """Return None to admit a client, or how many milliseconds it should wait if the handshake rate is exceeded."""
        return self._limiter.admit(monotonic())

    def trusts(self, peer: Peer) -> bool:
        """Return whether the peer may use the dev token. It must be on this machine, with no proxy in between."""
        return self.why_not_trusted(peer) is None

    def why_not_trusted(self, peer: Peer) -> str | None:
        """Return why this peer may not use the dev token, or None if it may."""
        if not self.on_loopback:
            return "the server does not listen on loopback alone"
        return peer.came_through if peer.is_loopback else "the connection comes from another machine"


def peer_of(peername: object) -> Peer:
    """Make a Peer from an asyncio transport's `peername`."""
    address = peername[0] if isinstance(peername, tuple) and peername else ""
    return Peer(address, is_loopback(address))
