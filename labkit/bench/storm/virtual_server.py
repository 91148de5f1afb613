"""Simulate labkit's server in a storm: accept rate, refusals, listen backlog, auth and reconnect windows.

Admission is the real code (rules.admission). The simulation adds the time that work takes: one processor that works
first come, first served, and a kernel that drops connection attempts while the backlog is full.

It does at most 1 / HANDSHAKE_S handshakes per second, refusals included. So refused clients return at that pace, even
if their policy has no jitter.
"""

from collections.abc import Callable
from typing import Protocol

from labkit.bench.storm.tally import StormClient
from labkit.platform.accepting import BACKLOG
from labkit.rules.admission import ClientCountTracker, HandshakeLimiter, window_ms
from labkit.rules.close_codes import CloseCode, reason_with_retry, row

HANDSHAKE_S = 0.00025  # processor time, about what wire.server takes on a small machine
AUTH_S = 0.0001
ROUND_TRIP_S = 0.01  # until a client knows that no server listens
AUTH_TIMEOUT_S = 5.0
SYN_AGAIN_S = (1.0, 2.0, 4.0)  # a kernel repeats an unanswered SYN after 1, 3 and 7 s
GIVE_UP_S = 3.0  # after the last one: ten seconds in all, as in wire.client.link


class Clock(Protocol):
    """A clock that can schedule actions."""

    now: float

    def at(self, moment: float, action: Callable[[StormClient], None], client: StormClient) -> None:
        """Schedule `action(client)` to run at the given time."""


class VirtualServer:
    """One run of the simulated server: it listens from `up_at` until `die`."""

    def __init__(
        self,
        clock: Clock,
        handshakes_per_s: float | None,
        up_at: float,
        let_in: Callable[[StormClient, float], None],
        closed: Callable[[StormClient, int, str], None],
    ) -> None:
        """`let_in` and `closed` are called when a client is admitted or closed. `up_at` is in seconds on the clock."""
        self._clock = clock
        self._rate = handshakes_per_s
        self._up_at = up_at
        self._let_in = let_in
        self._closed = closed
        self._turnstile = HandshakeLimiter(handshakes_per_s, up_at)
        self._crowd = ClientCountTracker()
        self._busy_until = up_at
        self._waiting: dict[StormClient, float] = {}  # for the processor, since when
        self._connections = 0  # WebSockets, also those about to be refused
        self._members: dict[StormClient, None] = {}  # in the order of their auth_ok
        self._repeats: dict[StormClient, int] = {}  # unanswered SYNs
        self._is_dead = False

    def connect(self, client: StormClient) -> None:
        """Handle a client's SYN."""
        if self._is_dead or self._clock.now < self._up_at:
            self._later(ROUND_TRIP_S, self._no_connection, client)
        elif len(self._waiting) >= BACKLOG:
            self._drop_syn(client)
        else:
            self._repeats.pop(client, None)
            self._waiting[client] = self._clock.now
            self._work(HANDSHAKE_S, self._shake_hands, client)

    def die(self) -> None:
        """Close every connection at once with 1006."""
        self._is_dead = True
        clients = [*self._members, *self._waiting, *self._repeats]
        for known in (self._members, self._waiting, self._repeats):
            known.clear()
        for client in clients:
            self._closed(client, CloseCode.NO_CLOSE_FRAME, "")

    def _drop_syn(self, client: StormClient) -> None:
        """Drop a SYN because the backlog is full; the client's kernel will send it again."""
        repeats = self._repeats.get(client, 0)
        self._repeats[client] = repeats + 1
        if repeats < len(SYN_AGAIN_S):
            self._later(SYN_AGAIN_S[repeats], self._repeat, client)
        else:
            self._later(GIVE_UP_S, self._give_up, client)

    def _repeat(self, client: StormClient) -> None:
        if client in self._repeats:
            self.connect(client)

    def _give_up(self, client: StormClient) -> None:
        if self._repeats.pop(client, None) is not None:
            self._no_connection(client)

    def _no_connection(self, client: StormClient) -> None:
        self._closed(client, CloseCode.NO_CLOSE_FRAME, "")

    def _shake_hands(self, client: StormClient) -> None:
        """Complete the handshake, then apply the accept rate, as wire.hub does."""
        if self._is_dead:
            return
        now = self._clock.now
        self._connections += 1
        retry = self._turnstile.admit(now)
        self._tell_window()
        client.policy.opened()
        if retry is None:
            self._waiting[client] = now
            self._work(AUTH_S, self._authenticate, client)
        else:
            self._refuse(client, CloseCode.TRY_LATER, reason_with_retry("busy", retry))

    def _authenticate(self, client: StormClient) -> None:
        if self._is_dead:
            return
        if self._clock.now - self._waiting[client] > AUTH_TIMEOUT_S:
            self._refuse(client, CloseCode.AUTH_TIMEOUT, row(CloseCode.AUTH_TIMEOUT).reason)
            return
        del self._waiting[client]
        self._members[client] = None
        self._let_in(client, window_ms(self._connections, self._rate))

    def _refuse(self, client: StormClient, code: CloseCode, reason: str) -> None:
        del self._waiting[client]
        self._connections -= 1
        self._tell_window()
        self._closed(client, code, reason)

    def _tell_window(self) -> None:
        if self._crowd.changed(self._connections):
            window = window_ms(self._connections, self._rate)
            for client in self._members:
                client.policy.told(window)

    def _work(self, seconds: float, action: Callable[[StormClient], None], client: StormClient) -> None:
        """Occupy the processor, after the work it already has to do."""
        self._busy_until = max(self._busy_until, self._clock.now) + seconds
        self._clock.at(self._busy_until, action, client)

    def _later(self, seconds: float, action: Callable[[StormClient], None], client: StormClient) -> None:
        self._clock.at(self._clock.now + seconds, action, client)
