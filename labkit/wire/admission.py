"""What a handshake must pass: room in the house, a page that may connect, the accept rate. The rules with a clock.

Also what the server knows of a peer before it has said a word. Lessons: notebooks 02 (auth) and 07 (storms).
"""

from collections.abc import Collection
from time import monotonic
from typing import NamedTuple

from labkit.rules.admission import ConnectionCounter, HandshakeLimiter
from labkit.rules.limits import Limits
from labkit.rules.loopback import is_loopback
from labkit.rules.origin import is_allowed

MAX_REFUSED_SOCKETS = 256  # sockets that found no room, and wait for the answer that says so


class Peer(NamedTuple):
    """The other end of a socket. `came_through` names what shows that a proxy stands in between, if anything does."""

    address: str
    is_loopback: bool
    came_through: str | None = None


class Admission:
    """Admission of one server. `on_loopback` says that it listens on loopback alone."""

    def __init__(
        self,
        limits: Limits,
        *,
        on_loopback: bool,
        allow_origins: Collection[str] = (),
        max_sockets: int | None = None,
    ) -> None:
        """`max_sockets` is how many file descriptors there are for sockets, inside and outside; None for no bound."""
        self._max_sockets = max_sockets
        self.on_loopback = on_loopback
        self.is_draining = False
        self._counter = ConnectionCounter(limits)
        self._limiter = HandshakeLimiter(limits.handshakes_per_s, monotonic())
        self._allow_origins = frozenset(allow_origins)

    def enter(self, peer: Peer) -> bool:
        """Count a socket; False when there is no room for it. Pair a True with one `leave`."""
        return self._counter.enter(peer.address)

    def can_answer(self, sockets: int) -> bool:
        """Of so many sockets, some are not inside: whether that is few enough for each to be answered."""
        return sockets - self._counter.count <= MAX_REFUSED_SOCKETS

    def has_descriptor(self, sockets: int) -> bool:
        """Whether so many sockets may be open at a time."""
        return self._max_sockets is None or sockets <= self._max_sockets

    def leave(self, peer: Peer) -> None:
        """A socket that had entered is gone."""
        self._counter.leave(peer.address)

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this origin may connect."""
        return is_allowed(origin, host, on_loopback=self.on_loopback, allow=self._allow_origins)

    def too_fast(self) -> int | None:
        """None, or in how many milliseconds a client just accepted should come back."""
        return self._limiter.admit(monotonic())

    def trusts(self, peer: Peer) -> bool:
        """Whether the dev token may be used from there: this machine, and nobody in between."""
        return self.why_not_trusted(peer) is None

    def why_not_trusted(self, peer: Peer) -> str | None:
        """Why a right dev token is refused from there; None when it is not."""
        if not self.on_loopback:
            return "the server listens on more than loopback"
        return peer.came_through if peer.is_loopback else "the connection comes from another machine"


def peer_of(peername: object) -> Peer:
    """The peer behind a socket's address, as asyncio gives it."""
    address = peername[0] if isinstance(peername, tuple) and peername else ""
    return Peer(address, is_loopback(address))
