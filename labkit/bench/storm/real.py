"""A storm with real sockets: a server process that is killed and started again, and its clients in this process.

    python -m labkit.bench.storm.real        # a Plan as JSON on stdin, the result as JSON on stdout

`run` starts it, so that a notebook's kernel shares no interpreter with a thousand clients. The policies are the
objects that `virtual` runs. There is no asyncio here: a heap of what is due and a selector, so that a client
connects when its policy says so, and not when a task has its turn. Taught in notebook 07 (storms).
"""

import gc
import json
import os
import secrets
import socket
import sys
from random import SystemRandom
from selectors import EVENT_READ, EVENT_WRITE
from threading import Thread
from typing import Any

from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.plain_socket import upgrade
from labkit.bench.storm.one_socket import StormSocket
from labkit.bench.storm.real_clock import RealClock
from labkit.bench.storm.tally import SETTLE_S, Plan, StormClient, StormResult, Tally

PATIENCE_S = 10.0  # from connect to auth_ok, as wire.client.link
JOIN_PATIENCE_S = 60.0  # for all of them, beyond what the accept rate needs
SPARE_FILES = 100
PORTS = range(20_000, 30_000)  # below the ports that a kernel gives to clients: else one may connect to itself


class RealStorm:
    """One storm against one server."""

    def __init__(self, plan: Plan, server: ServerProcess, token: str) -> None:
        self.plan = plan
        self.tally = Tally(plan)
        self.clock = RealClock()
        self.token = token
        self.clients = [StormClient(plan, number) for number in range(plan.clients)]
        self._server = server
        self._port = int(server.url.rsplit(":", 1)[1])
        self.hello = upgrade(server.url)
        self._inside = 0
        self._up_at: float | None = None
        self._fault: BaseException | None = None

    def run(self) -> StormResult:
        """From the first join to the end. Raises RuntimeError when the storm itself cannot go on."""
        self._join()
        self._drop()
        self.clock.run_until(self.clock.now + self.plan.seconds, lambda: self.tally.all_back or self._fault is not None)
        if self._fault is not None:
            raise RuntimeError(f"the server did not come back: {self._fault}")
        assert self.tally.dropped_at is not None
        down_s = (self._up_at or self.clock.now) - self.tally.dropped_at
        return self.tally.result("real", self._inside, round(down_s, 3), round(self.clock.late_s, 3))

    def _join(self) -> None:
        plan, clock = self.plan, self.clock
        for client in self.clients:
            clock.at(client.number / plan.joins_per_s, self.connect, client)
        clock.run_until(plan.drop_at + JOIN_PATIENCE_S, lambda: self._inside == plan.clients)
        if self._inside < plan.clients:
            raise RuntimeError(f"only {self._inside} of {plan.clients} clients came in before the storm")
        clock.run_until(clock.now + SETTLE_S, lambda: False)

    def _drop(self) -> None:
        """Kill the server and start it again, on the same port. The clients go on meanwhile."""
        self._server.kill()
        self.tally.dropped_at, self._up_at = self.clock.now, None
        self.clock.late_s = 0.0
        Thread(target=self._start_again, daemon=True).start()

    def _start_again(self) -> None:
        try:
            self._server.start(self._port)
            self.reached()
        except Exception as error:
            self._fault = error

    # What a client does and hears

    def connect(self, client: StormClient) -> None:
        """A client's policy has it connect now. Counted is when it was due: a device of its own is not late for us."""
        self.tally.arrived(self.clock.due)
        sock = StormSocket(self, client)
        sock.connect(("127.0.0.1", self._port))
        self.clock.at(self.clock.now + PATIENCE_S, StormSocket.lose_patience, sock)

    def reached(self) -> None:
        """Somebody has a TCP connection, so the server is up."""
        if self._up_at is None:
            self._up_at = self.clock.now

    def let_in(self, client: StormClient, window_ms: float) -> None:
        """auth_ok came."""
        self._inside += 1
        client.let_in(self.clock.now, window_ms)
        self.tally.let_in(self.clock.now, client)

    def closed(self, client: StormClient, code: int, reason: str) -> None:
        """A connection ended, or there was none."""
        self._inside -= client.in_since is not None
        self.tally.closed(code)
        delay = client.closed(self.clock.now, code, reason)
        if delay is not None:
            self.clock.at(self.clock.now + delay, self.connect, client)

    def watch(self, connection: StormSocket, file: socket.socket, *, is_connecting: bool) -> None:
        """Have a socket told when the kernel has something for it."""
        if is_connecting:
            self.clock.selector.register(file, EVENT_WRITE, connection.ready)
        else:
            self.clock.selector.modify(file, EVENT_READ, connection.ready)

    def forget(self, file: socket.socket) -> None:
        """A socket is about to be closed."""
        self.clock.selector.unregister(file)


def run(plan: Plan) -> StormResult:
    """The storm of a plan, in this process. Raises RuntimeError."""
    _room_for_files(plan.clients)
    token = secrets.token_urlsafe(12)
    rate = "off" if plan.handshakes_per_s is None else plan.handshakes_per_s
    settings = (f"handshakes_per_s={rate}", "connections=off", "connections_per_address=off")
    options = ["--host", "127.0.0.1", "--quiet", *(part for line in settings for part in ("--set", line))]
    server = ServerProcess({"DEV_TOKEN": token}, options)
    server.start(_free_port())
    try:
        return RealStorm(plan, server, token).run()
    finally:
        server.kill()


def _free_port() -> int:
    for port in SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError(f"no free port from {PORTS.start} to {PORTS.stop}")


def _room_for_files(clients: int) -> None:
    """A file a socket, here and in the server. Raises RuntimeError where this machine allows fewer."""
    try:
        import resource
    except ImportError:  # a system without this limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < clients + SPARE_FILES:
        raise RuntimeError(f"this machine allows {most} open files a process, too few for {clients} real clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)  # the server sees the end of its own stdin then


def main() -> None:
    """Read a plan, run it, print what came of it."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # it would make clients late by tens of milliseconds, and this process is short-lived
    try:
        told: dict[str, Any] = vars(run(plan))
    except (RuntimeError, OSError) as error:
        told = {"error": str(error)}
    print(json.dumps(told), flush=True)
    os._exit(0)  # a thousand sockets need no goodbye


if __name__ == "__main__":
    main()
