"""Two or more servers on this loop, a real NATS server, and a proxy between each of them and it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from labkit.bench.launch.nats_process import NatsProcess
from labkit.brokers import broker_at
from labkit.faults import Proxy, Stall
from labkit.rules.limits import Limits
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.writer import Entry
from labkit.wire.keyfile import Key, new_key
from labkit.wire.server import Server
from tests.wire.people import OPS, users
from tests.wire.raw import QUICK, drop_all, until

ROOM = "room:x"
AUDITS = "one.db", "two.db", "three.db"


class House(NamedTuple):
    """Servers, the lines between them and the broker, the broker, and the key of all."""

    servers: list[Server]
    lines: list[Proxy]
    broker: NatsProcess
    tmp: Path
    key: Key

    @property
    def urls(self) -> list[str]:
        """Where they listen."""
        return [server.url for server in self.servers]

    def part(self, number: int) -> None:
        """A server and the broker hear nothing of each other."""
        self.lines[number].set(down=[Stall()], up=[Stall()])

    def events(self, number: int) -> list[tuple[Any, ...]]:
        """Room, epoch, seq, id and body of each event that a server has stored, in its order."""
        return [(e.room, e.epoch, e.seq, e.id, e.body) for e in self.stored(number) if e.kind == "event"]

    async def all_have(self, events: int) -> None:
        """Wait until every server has stored so many events; then all files hold the same, in the same order."""
        numbers = range(len(self.servers))
        await until(lambda: all(len(self.events(number)) >= events for number in numbers))
        stored = [self.events(number) for number in numbers]
        assert all(other == stored[0] for other in stored)
        assert len(stored[0]) == events

    def stored(self, number: int) -> list[Entry]:
        """All that a server has stored."""
        with reading(self.tmp / AUDITS[number]) as connection:
            return [entry for _, entry, _ in rows(connection)]


@asynccontextmanager
async def house(tmp: Path, servers: int = 2, limits: dict[str, Any] | None = None) -> AsyncIterator[House]:
    """Servers with audit files, users and one key."""
    broker, key = NatsProcess(tmp / "broker"), new_key()
    async with AsyncExitStack() as stack:
        stack.callback(broker.terminate)
        broker.start()
        built = House([], [], broker, tmp, key)
        for number in range(servers):
            line = await stack.enter_async_context(Proxy(broker.url))
            server = Server(
                port=0,
                broker=broker_at(line.url),
                key=key,
                audit=tmp / AUDITS[number],
                users=users(tmp),
                ops_token=OPS,
                limits=Limits().set({**QUICK, "auth_timeout_s": 5.0, "messages_per_s": "off", **(limits or {})}),
            )
            built.lines.append(line)
            built.servers.append(await stack.enter_async_context(server))
        try:
            yield built
        finally:
            for line in built.lines:
                line.heal()
            drop_all()
