"""Several room servers and their broker, as processes that can be killed one by one.

    async with Cluster(servers=3, folder=folder) as cluster:
        cluster.urls                                    # one port for all, or one for each

On a shared port the kernel gives each new connection to one of the servers (SO_REUSEPORT). Only Linux does so:
elsewhere each server has its own port.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from labkit.bench.launch.nats_process import NatsProcess
from labkit.bench.launch.server_process import ServerProcess
from labkit.platform.sockets import BALANCES_PORTS


class Cluster:
    """A broker and several servers, which end with this process, even if it is killed.

    Use `async with`, or `start` and `stop`.
    """

    def __init__(
        self,
        servers: int,
        folder: Path,
        *,
        port: int = 0,
        one_port: bool = True,
        token: str | None = None,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """`folder` will hold the log and the audit files; each server gets `options`. Raises NoNats, ValueError."""
        if servers < 1:
            raise ValueError("a cluster needs at least one server")
        self.token = token or secrets.token_urlsafe(16)
        self.broker = NatsProcess(folder / "broker")
        self.audits = [folder / f"server-{number}.db" for number in range(servers)]
        self.servers: list[ServerProcess] = []
        self._one_port = one_port and BALANCES_PORTS
        self._port = port
        self._options = options
        self._environment = {"DEV_TOKEN": self.token, **(environment or {})}
        self._environment.setdefault("CLUSTER_KEY", _key(folder))
        self._open = ExitStack()

    @property
    def urls(self) -> list[str]:
        """The servers' addresses: only one if they share a port."""
        return list(dict.fromkeys(server.url for server in self.servers))

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> Self:
        """Start the broker, then each server. Raises ServerDied, NoNats."""
        with ExitStack() as opening:
            opening.callback(self.broker.terminate)
            self.broker.start()
            for number, audit in enumerate(self.audits):
                server = ServerProcess(self._environment, self._options_of(audit))
                opening.callback(server.terminate)
                self.servers.append(server)
                server.start(self._port_of(number))
            self._open = opening.pop_all()
        return self

    def stop(self) -> None:
        """Drain the servers, then stop the broker. Idempotent."""
        self._open.close()

    def restart(self, number: int) -> None:
        """Restart a killed server on its port."""
        server = self.servers[number]
        server.start(_port(server.url))

    def _options_of(self, audit: Path) -> list[str]:
        shared = ["--reuse-port"] if self._one_port else []
        return ["--quiet", "--audit", str(audit), "--broker", self.broker.url, *shared, *self._options]

    def _port_of(self, number: int) -> int:
        if self._one_port:
            return _port(self.servers[0].url) if number else self._port
        return self._port + number if self._port else 0


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _key(folder: Path) -> str:
    """Return the servers' shared key, kept in the folder for the next start and readable only by its owner."""
    path = folder / "cluster.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()
