"""A storm on a virtual clock: ten minutes with 100,000 clients take seconds. A heap of events replaces the sockets.

    result = run(StormPlan(clients=10_000, policy="article", handshakes_per_s=1000))

The clients' policies and the server's admission rules are the real code. Only the network, assumed to be fast, and the
server's processor, which does one thing at a time, are simulated.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from labkit.bench.storm.tally import StormClient, StormPlan, StormResult, Tally
from labkit.bench.storm.virtual_hashing_server import VirtualHashingServer
from labkit.bench.storm.virtual_server import VirtualServer

ClientAction = Callable[[StormClient], None]


class VirtualClock:
    """Runs events in chronological order; `now` jumps from one event to the next, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, ClientAction, StormClient]] = []
        self._numbers = count()  # events of the same moment happen in the order in which they were scheduled

    def at(self, moment: float, action: ClientAction, client: StormClient) -> None:
        """Schedule `action(client)` to run at the given time."""
        heappush(self._heap, (moment, next(self._numbers), action, client))

    def run_until(self, moment: float) -> None:
        """Run all events until a moment."""
        while self._heap and self._heap[0][0] <= moment:
            self.now, _, action, client = heappop(self._heap)
            action(client)
        self.now = moment


class VirtualStorm:
    """One storm."""

    def __init__(self, plan: StormPlan) -> None:
        self.plan = plan
        self.tally = Tally(plan)
        self.clock = VirtualClock()
        self.clients = [StormClient(plan, number) for number in range(plan.clients)]
        self.server: VirtualServer | VirtualHashingServer = self._new_server(0.0, is_first=True)

    def run(self) -> StormResult:
        """Run from the first join to the end."""
        plan, clock = self.plan, self.clock
        self.run_until_drop()
        self._drop()
        clock.run_until(plan.drop_at + plan.seconds)
        connected = sum(client.in_since is not None for client in self.clients)
        return self.tally.result("virtual", connected, plan.down_s)

    def run_until_drop(self) -> None:
        """Let all clients join, one after another."""
        for client in self.clients:
            self.clock.at(client.number / self.plan.joins_per_s, self._connect, client)
        self.clock.run_until(self.plan.drop_at)

    def _new_server(self, up_at: float, is_first: bool = False) -> VirtualServer | VirtualHashingServer:
        if self.plan.hash_ms:
            return VirtualHashingServer(self.clock, self.plan, up_at, self.tally, self._let_in, self._closed, is_first)
        return VirtualServer(self.clock, self.plan.handshakes_per_s, up_at, self._let_in, self._closed)

    def _drop(self) -> None:
        """Kill the server: every client that was in, or about to be, sees 1006.

        The new server starts with no memory of them.
        """
        now, old = self.clock.now, self.server
        self.tally.dropped_at = now
        self.server = self._new_server(now + self.plan.down_s)
        old.die()

    def _connect(self, client: StormClient) -> None:
        self.tally.arrived(self.clock.now, client.number)
        self.server.connect(client)

    def _let_in(self, client: StormClient, window_ms: float) -> None:
        client.let_in(self.clock.now, window_ms)
        self.tally.let_in(self.clock.now, client)

    def _closed(self, client: StormClient, code: int, reason: str) -> None:
        self.tally.closed(code)
        delay = client.closed(self.clock.now, code, reason)
        if delay is not None:
            self.clock.at(self.clock.now + delay, self._connect, client)


def run(plan: StormPlan) -> StormResult:
    """Run the storm that a plan describes."""
    return VirtualStorm(plan).run()
