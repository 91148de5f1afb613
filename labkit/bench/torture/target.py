"""The target of a torture run: server processes with audit files, behind a proxy that breaks connections.

clients --> proxy (stalls, resets, partitions) --> servers (killed with -9, restarted on the same port)
                                                     each --> its own proxy --> broker (killed with -9 too)
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Self

from labkit.bench.launch.nats_process import NatsProcess
from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.torture.history import Stored
from labkit.bench.torture.plan import Disruption, TorturePlan
from labkit.brokers import broker_at
from labkit.faults import Fault, Proxy
from labkit.faults.kinds.reset import Reset
from labkit.faults.kinds.stall import Stall
from labkit.rules.limits import Limits
from labkit.wire.audit.chain import chain
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import Entry
from labkit.wire.audit.verify import verify
from labkit.wire.cluster.reconcile import reconcile

if TYPE_CHECKING:
    from labkit.brokers.nats.reader import Message

BROKER_AWAY_S = 1.0
SETTINGS = ["messages_per_s=off", "handshakes_per_s=off"]


class TortureTarget:
    """Servers that can be killed and connections that can be broken. Use `async with`."""

    def __init__(self, plan: TorturePlan, folder: Path) -> None:
        self.token = secrets.token_urlsafe(16)
        self.kills = 0
        self._folder = folder
        self._broker = NatsProcess(folder / "broker") if plan.has_broker else None
        self._broker_lines: list[Proxy] = []
        self._servers: list[ServerProcess] = []
        self._starting = [asyncio.Lock() for _ in range(plan.servers)]
        self._number = plan.servers
        self._environment = {"DEV_TOKEN": self.token, "CLUSTER_KEY": secrets.token_hex(32)}
        self._healing: set[asyncio.Task[None]] = set()
        self._port = 0
        self._log: tuple[str, list[Message]] | None = None
        self._open = AsyncExitStack()

    def _audits(self) -> list[Path]:
        return [self._folder / f"server-{number}.db" for number in range(self._number)]

    @property
    def url(self) -> str:
        """The address that clients connect to."""
        return self._proxy.url

    async def __aenter__(self) -> Self:
        """Start everything. Raises ServerDied, NoNats."""
        async with AsyncExitStack() as opening:
            if self._broker is not None:
                opening.callback(self._broker.terminate)
                await asyncio.to_thread(self._broker.start)
                for _ in range(self._number):
                    self._broker_lines.append(await opening.enter_async_context(Proxy(self._broker.url)))
            opening.push_async_callback(self._end)
            for number, audit in enumerate(self._audits()):
                server = ServerProcess(self._environment, self._options(number, audit))
                self._servers.append(server)
                url = await asyncio.to_thread(server.start, self._port)
                self._port = int(url.rpartition(":")[2])
            self._proxy = await opening.enter_async_context(Proxy(f"ws://127.0.0.1:{self._port}"))
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def _options(self, number: int, audit: Path) -> list[str]:
        options = ["--quiet", "--audit", str(audit)]
        if self._broker_lines:
            options += ["--broker", self._broker_lines[number].url, "--reuse-port"]
        return options + [part for setting in SETTINGS for part in ("--set", setting)]

    async def _end(self) -> None:
        """Drain every server, so that the audit files are complete."""
        for task in self._healing:
            task.cancel()
        await asyncio.gather(*self._healing, return_exceptions=True)
        await asyncio.gather(*(asyncio.to_thread(server.terminate) for server in self._servers))

    async def disrupt(self, step: Disruption) -> None:
        """Cause one disruption. For a kill, returns when the server is back; network faults heal by themselves."""
        if step.do == "kill":
            await self._kill(step.server)
        elif step.do == "kill broker":
            await self._kill_broker()
        elif step.do == "part broker":
            self._part_broker(step)
        elif step.do == "stall":
            self._lines([Stall()], self._chosen(step, share=0), step.seconds)
        elif step.do == "reset":
            self._lines([Reset()], self._chosen(step, share=0), step.seconds)
        elif step.do == "part":
            self._lines([Stall()], self._chosen(step, share=0.5), step.seconds)

    def heal(self) -> None:
        """Remove all network faults."""
        self._proxy.heal()
        for line in self._broker_lines:
            line.heal()

    async def _kill(self, number: int) -> None:
        server = self._servers[number]
        async with self._starting[number]:
            await asyncio.to_thread(server.kill)
            self.kills += 1
            await asyncio.to_thread(server.start, self._port)

    async def _kill_broker(self) -> None:
        assert self._broker is not None
        await asyncio.to_thread(self._broker.kill)
        self.kills += 1
        await asyncio.sleep(BROKER_AWAY_S)
        await asyncio.to_thread(self._broker.start)

    def _part_broker(self, step: Disruption) -> None:
        """Partition one server from the broker."""
        line = self._broker_lines[step.server]
        line.set(down=[Stall()], up=[Stall()])
        self._later(step.seconds, line.heal)

    def _chosen(self, step: Disruption, share: float) -> Sequence[int]:
        """Choose one open connection, or a share of them."""
        opened = [traffic.number for traffic in self._proxy.connections if traffic.open]
        rng = Random(step.draw)
        return rng.sample(opened, min(len(opened), max(1, round(share * len(opened)))))

    def _lines(self, faults: Sequence[Fault], numbers: Sequence[int], seconds: float) -> None:
        for number in numbers:
            self._proxy.set(down=faults, up=faults, only=number)
        for number in numbers:
            self._later(seconds, partial(self._proxy.heal, only=number))

    def _later(self, seconds: float, heal: Callable[[], object]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            heal()

        task = asyncio.create_task(wait())
        self._healing.add(task)
        task.add_done_callback(self._healing.discard)

    async def read_log(self) -> None:
        """Read the whole log while the broker is still running."""
        if self._broker is not None:
            from labkit.brokers.nats.whole_log import whole_log  # an extra, which one server does not need

            self._log = await whole_log(broker_at(self._broker.url))

    def unreconciled(self) -> list[str]:
        """Return a sentence for each audit file that differs from the log."""
        found: list[str] = []
        if self._log is None:
            return found
        epoch, messages = self._log
        for path in self._audits():
            with reading(path) as connection:
                entries = (entry for _, entry, _ in rows(connection))
                verdict = reconcile(messages, entries, epoch, Limits())
            found += [] if verdict.holds else [f"{path.name} is {verdict}"]
        return found

    def broken(self) -> list[str]:
        """Return a sentence for each audit file whose hash chain is broken."""
        verdicts = [(path.name, verify(path)) for path in self._audits()]
        return [f"{name} is {verdict}" for name, verdict in verdicts if not verdict.is_intact]

    def stored(self) -> dict[str, list[Stored]]:
        """Return the events of each audit file, in file order."""
        return {path.name: stored_events(path) for path in self._audits()}


def stored_events(audit: Path) -> list[Stored]:
    """Return the events of an audit file and its sealed files, in order. Raises AuditError."""
    found: list[Stored] = []
    with ExitStack() as opening:
        for part in chain(opening, audit):
            found += [_stored(entry) for _, entry, _ in rows(part.connection) if entry.kind == "event"]
    return found


def _stored(entry: Entry) -> Stored:
    request = json.loads(str(entry.body))["requestId"]
    return Stored(str(entry.room), str(entry.epoch), entry.seq or 0, str(entry.id), request)
