"""Simulate a server that hashes a password for each connection, on one processor, first come, first served.

It refuses nobody and never looks whether a client still waits. So while it is behind, it works for clients that have
given up. bench.storm.hashing_server is the same server with real sockets.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from labkit.bench.storm.tally import StormClient, StormPlan, Tally
from labkit.bench.storm.virtual_server import ROUND_TRIP_S, Clock
from labkit.rules.admission import ClientCountTracker, window_ms
from labkit.rules.close_codes import CloseCode


class VirtualHashingServer:
    """One run of the simulated server: it listens from `up_at` until `die`."""

    def __init__(
        self,
        clock: Clock,
        plan: StormPlan,
        up_at: float,
        tally: Tally,
        let_in: Callable[[StormClient, float], None],
        closed: Callable[[StormClient, int, str], None],
        is_free: bool,
    ) -> None:
        """With `is_free`, passwords cost nothing: those clients joined over a long time."""
        self._clock = clock
        self._rate = plan.accept_rate
        self._hash_s = 0.0 if is_free else plan.hash_ms / 1000
        self._timeout_s = plan.open_timeout_s
        self._up_at = up_at
        self._tally = tally
        self._let_in = let_in
        self._closed = closed
        self._crowd = ClientCountTracker()
        self._passwords: deque[tuple[StormClient, int]] = deque()
        self._waiting: dict[StormClient, int] = {}  # the number of the attempt that each client waits for
        self._attempts = 0
        self._members: dict[StormClient, None] = {}
        self._is_dead = False

    def connect(self, client: StormClient) -> None:
        """Open the WebSocket at once, and queue the client's password."""
        clock = self._clock
        if self._is_dead or clock.now < self._up_at:
            clock.at(clock.now + ROUND_TRIP_S, self._no_connection, client)
            return
        self._attempts += 1
        self._waiting[client] = self._attempts
        clock.at(clock.now + self._timeout_s, partial(self._give_up, self._attempts), client)
        client.policy.opened()
        self._passwords.append((client, self._attempts))
        if len(self._passwords) == 1:
            self._hash_next()

    def die(self) -> None:
        """Close every connection at once with 1006."""
        self._is_dead = True
        clients = [*self._members, *self._waiting]
        self._members.clear()
        self._waiting.clear()
        for client in clients:
            self._no_connection(client)

    def _hash_next(self) -> None:
        client, _ = self._passwords[0]
        self._clock.at(self._clock.now + self._hash_s, self._hashed, client)

    def _hashed(self, _client: StormClient) -> None:
        """Let the client in, if it still waits for this attempt."""
        if self._is_dead:
            return
        client, attempt = self._passwords.popleft()
        self._tally.hashed(self._clock.now)
        if self._waiting.get(client) == attempt:
            del self._waiting[client]
            self._members[client] = None
            self._let_in(client, window_ms(len(self._members), self._rate))
            self._tell_window()
        if self._passwords:
            self._hash_next()

    def _give_up(self, attempt: int, client: StormClient) -> None:
        if self._waiting.get(client) == attempt:
            del self._waiting[client]
            self._no_connection(client)

    def _tell_window(self) -> None:
        if self._crowd.changed(len(self._members)):
            for client in self._members:
                client.told(window_ms(len(self._members), self._rate))

    def _no_connection(self, client: StormClient) -> None:
        self._closed(client, CloseCode.NO_CLOSE_FRAME, "")
