"""A storm with real sockets: a server process is killed and restarted, and its clients run in this process.

    python -m labkit.bench.storm.real        # a StormPlan as JSON on stdin, the result as JSON on stdout

`bench.storm.run` starts this program, so that a notebook's kernel does not share an interpreter with a thousand
clients. Instead of asyncio there is a heap of due events and a selector: a client connects when its policy is due, not
when one of a thousand tasks gets its turn.
"""

import errno
import gc
import json
import os
import secrets
import socket
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import SystemRandom
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Thread
from time import monotonic
from typing import Any, cast

from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.plain_socket import CloseFrame, PlainSocket, text, upgrade
from labkit.bench.storm.hashing import HashingProcess, capacity
from labkit.bench.storm.tally import SETTLE_S, StormClient, StormPlan, StormResult, Tally
from labkit.platform import open_files
from labkit.platform.loops import most_watched, ready
from labkit.rules.close_codes import CloseCode

LAST_REPORT_S = 1.0  # a server reports what it has hashed a little later
JOIN_TIMEOUT_S = 60.0  # for all joins, beyond the time that the accept rate needs
SPARE_FILES = 100
PORTS = range(20_000, 30_000)  # below the ports that kernels give to clients, or a client may connect to itself
IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class RealClock:
    """A bench.storm.virtual.VirtualClock in real seconds: runs due events, and handles sockets that become readable."""

    def __init__(self) -> None:
        self.selector = DefaultSelector()
        self.due = 0.0  # when the current event was due
        self.late_s = 0.0  # the worst delay of an event
        self._started = monotonic()
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._numbers = count()

    @property
    def now(self) -> float:
        """Return the seconds since the start."""
        return monotonic() - self._started

    def at(self, moment: float, action: Callable[[Any], None], subject: Any) -> None:
        """Schedule `action(subject)` for a moment."""
        heappush(self._heap, (moment, next(self._numbers), action, subject))

    def run_until(self, moment: float, has_ended: Callable[[], bool]) -> None:
        """Run until a moment. Due events run before input is read, or a burst of input would delay the next clients."""
        while (now := self.now) < moment and not has_ended():
            next_at = min(self._heap[0][0], moment) if self._heap else moment
            for key in ready(self.selector, max(0.0, min(0.1, next_at - now))):
                self._run_due()
                key.data()
            self._run_due()

    def close(self) -> None:
        """Close every socket."""
        for key in list(self.selector.get_map().values()):
            cast("socket.socket", key.fileobj).close()
        self.selector.close()

    def _run_due(self) -> None:
        while self._heap and self._heap[0][0] <= self.now:
            self.due, _, action, subject = heappop(self._heap)
            self.late_s = max(self.late_s, self.now - self.due)
            action(subject)


class StormSocket:
    """One connection of one client: connect, handshake, authenticate, read, end.

    It never blocks, and reports its end once.
    """

    __slots__ = ("_client", "_file", "_has_ended", "_is_connected", "_is_in", "_plain", "_storm")

    def __init__(self, storm: "RealStorm", client: StormClient) -> None:
        self._storm = storm
        self._client = client
        self._plain = PlainSocket()
        self._is_connected = self._is_in = self._has_ended = False
        self._file = socket.socket()
        self._file.setblocking(False)

    def connect(self, address: tuple[str, int]) -> None:
        """Start connecting."""
        self._storm.clock.selector.register(self._file, EVENT_WRITE, self.ready)
        if self._file.connect_ex(address) not in IN_PROGRESS:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def time_out(self) -> None:
        """Give up if auth_ok has not arrived."""
        if not self._is_in:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def ready(self) -> None:
        """Read or finish connecting, because the selector reported the socket as ready."""
        if self._has_ended:
            return
        try:
            if self._is_connected:
                self._receive()
            else:
                self._connected()
        except OSError:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def _connected(self) -> None:
        if self._file.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(CloseCode.NO_CLOSE_FRAME)
            return
        self._is_connected = True
        self._storm.server_is_up()
        self._file.send(self._storm.handshake)
        self._storm.clock.selector.modify(self._file, EVENT_READ, self.ready)

    def _receive(self) -> None:
        data, was_open = self._file.recv(65_536), self._plain.is_open
        if not data:
            self._end(CloseCode.NO_CLOSE_FRAME)
            return
        messages = self._plain.receive(data)
        if self._plain.is_open and not was_open:
            self._client.policy.opened()
            self._file.send(text({"type": "auth", "token": self._storm.token}))
        for message in messages:
            if isinstance(message, CloseFrame):
                self._end(message.code, message.reason)
                return
            if message.get("type") == "auth_ok":
                self._is_in = True
                self._storm.let_in(self._client, message["reconnect"]["windowMs"])
            elif message.get("type") == "reconnect":
                self._client.told(message["windowMs"])
        if self._plain.pongs:
            self._file.send(self._plain.pongs)
            self._plain.pongs = b""

    def _end(self, code: int, reason: str = "") -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self._storm.clock.selector.unregister(self._file)
        self._file.close()
        self._storm.closed(self._client, code, reason)


class RealStorm:
    """One storm against one server."""

    def __init__(self, plan: StormPlan, server: ServerProcess, token: str) -> None:
        self.plan = plan
        self.tally = Tally(plan)
        self.clock = RealClock()
        self.token = token
        self.clients = [StormClient(plan, number) for number in range(plan.clients)]
        self.handshake = upgrade(server.url)
        self._server = server
        self._port = int(server.url.rsplit(":", 1)[1])
        self._connected_clients = 0
        self._up_at: float | None = None
        self._error: BaseException | None = None

    def run(self) -> StormResult:
        """Run from the first join to the end. Raises RuntimeError if the storm cannot continue."""
        clock, tally = self.clock, self.tally
        self._join()
        self._drop()
        clock.run_until(clock.now + self.plan.seconds, lambda: tally.all_back or self._error is not None)
        if self._error is not None:
            raise RuntimeError(f"the server did not come back: {self._error}")
        if self.plan.hash_ms:
            clock.run_until(clock.now + LAST_REPORT_S, lambda: tally.is_reported)
        assert tally.dropped_at is not None
        down_s = (self._up_at or clock.now) - tally.dropped_at
        return tally.result("real", self._connected_clients, round(down_s, 3), round(clock.late_s, 3))

    def _join(self) -> None:
        plan, clock = self.plan, self.clock
        for client in self.clients:
            clock.at(client.number / plan.joins_per_s, self.connect, client)
        clock.run_until(plan.drop_at + JOIN_TIMEOUT_S, lambda: self._connected_clients == plan.clients)
        if self._connected_clients < plan.clients:
            raise RuntimeError(f"only {self._connected_clients} of {plan.clients} clients connected before the storm")
        clock.run_until(clock.now + SETTLE_S, lambda: False)

    def _drop(self) -> None:
        """Kill the server and restart it on the same port in a thread, while the clients continue."""
        self._server.kill()
        self.tally.dropped_at, self._up_at = self.clock.now, None
        self.clock.late_s = 0.0
        Thread(target=self._restart, daemon=True).start()

    def _restart(self) -> None:
        try:
            self._server.start(self._port)
            self.server_is_up()
        except Exception as error:
            self._error = error

    def connect(self, client: StormClient) -> None:
        """Connect a client.

        The attempt is counted at the time it was due, because a real device would not have been late.
        """
        self.tally.arrived(self.clock.due, client.number)
        sock = StormSocket(self, client)
        sock.connect(("127.0.0.1", self._port))
        self.clock.at(self.clock.now + self.plan.open_timeout_s, StormSocket.time_out, sock)

    def hashed(self, passwords: int) -> None:
        """Count passwords that the server reports."""
        self.tally.hashed(self.clock.now, passwords)

    def server_is_up(self) -> None:
        """Record when the first TCP connection succeeds."""
        if self._up_at is None:
            self._up_at = self.clock.now

    def let_in(self, client: StormClient, window_ms: float) -> None:
        """Count an auth_ok."""
        self._connected_clients += 1
        client.let_in(self.clock.now, window_ms)
        self.tally.let_in(self.clock.now, client)

    def closed(self, client: StormClient, code: int, reason: str) -> None:
        """Count the end of a connection or a failed attempt, and schedule the next attempt."""
        self._connected_clients -= client.in_since is not None
        self.tally.closed(code)
        delay = client.closed(self.clock.now, code, reason)
        if delay is not None:
            self.clock.at(self.clock.now + delay, self.connect, client)


def run(plan: StormPlan) -> StormResult:
    """Run the storm that a plan describes in this process. Raises RuntimeError."""
    _raise_file_limit(plan.clients)
    return _run_hashing(plan) if plan.hash_ms else _run_admitting(plan)


def _run_hashing(plan: StormPlan) -> StormResult:
    """Run it against a server whose passwords cost nothing before the crash, and `hash_ms` afterwards.

    The server's capacity is measured first, because the clients' speed and windows depend on it.
    """
    server = HashingProcess(plan.hash_ms)
    try:
        rate = capacity(server.start(_free_port()))
    finally:
        server.kill()
    server.hash_ms, server.rate = 0.0, rate
    server.start(_free_port())
    server.hash_ms = plan.hash_ms
    storm = RealStorm(plan.at_capacity(rate), server, token="any password")
    server.report = storm.hashed
    return _ended(storm, server)


def _run_admitting(plan: StormPlan) -> StormResult:
    """Run it against labkit's server."""
    token = secrets.token_urlsafe(12)
    rate = "off" if plan.handshakes_per_s is None else plan.handshakes_per_s
    settings = (f"handshakes_per_s={rate}", "connections=off", "connections_per_address=off")
    options = ["--host", "127.0.0.1", "--quiet", *(part for line in settings for part in ("--set", line))]
    server = ServerProcess({"DEV_TOKEN": token}, options)
    server.start(_free_port())
    return _ended(RealStorm(plan, server, token), server)


def _ended(storm: RealStorm, server: ServerProcess) -> StormResult:
    try:
        return storm.run()
    finally:
        server.kill()
        storm.clock.close()


def _free_port() -> int:
    for port in SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError(f"no free port from {PORTS.start} to {PORTS.stop}")


def _raise_file_limit(clients: int) -> None:
    """Allow one open file per socket, here and in the server. Raises RuntimeError where the system allows fewer."""
    watched = most_watched()
    if watched is not None and clients >= watched:
        raise RuntimeError(
            f"this system watches fewer than {watched} sockets in one process, too few for {clients} real clients; "
            "use fewer clients, or --mode virtual"
        )
    most = open_files.highest()
    if most is None or most >= clients + SPARE_FILES:
        most = open_files.raise_limit()
    if most is not None and most < clients + SPARE_FILES:
        raise RuntimeError(
            f"this machine allows {most} open files per process, too few for {clients} real clients; "
            "raise the hard limit or use fewer clients"
        )


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)  # the server then sees the end of its own stdin


def main() -> None:
    """Read a plan from stdin, run it, and print the result."""
    plan = StormPlan(**json.loads(sys.stdin.readline()))
    Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # it would delay clients by tens of milliseconds, and this process is short-lived
    try:
        result: dict[str, Any] = vars(run(plan))
    except (RuntimeError, OSError) as error:
        result = {"error": str(error)}
    print(json.dumps(result), flush=True)
    os._exit(0)  # without closing a thousand sockets one by one


if __name__ == "__main__":
    main()
