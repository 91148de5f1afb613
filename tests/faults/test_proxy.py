"""The proxy with real sockets: bytes in both directions, ends of every kind, healing, and backpressure."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from labkit.faults import (
    Blackhole,
    Die,
    Dribble,
    Fault,
    HalfClose,
    Jitter,
    Latency,
    Pass,
    PongMute,
    Proxy,
    Reset,
    Slice,
    Stall,
    Throttle,
)
from labkit.faults.fault import HELD_BYTES
from labkit.faults.kinds.latency import WIRE_BYTES
from labkit.faults.sockets import KERNEL_BYTES
from labkit.review.frames import PONG, TEXT, frame
from tests.faults.streams import HEAD
from tests.wire.raw import PATIENCE_S, until

DATA = bytes(range(256)) * 8
both_ways = pytest.mark.parametrize("way", ["up", "down"])


def port_of(url: str) -> int:
    """Return the port of an address with a path."""
    return urlsplit(url).port or 0


class End(NamedTuple):
    """One end of a TCP connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self, count: int) -> bytes:
        """Read `count` bytes."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readexactly(count)

    async def rest(self) -> tuple[bytes, str]:
        """Read to the end; return the bytes and FIN or RST."""
        data = b""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while piece := await self.reader.read(65536):
                    data += piece
            except ConnectionError:
                return data, "RST"
        return data, "FIN"

    async def silence(self, seconds: float = 0.1) -> None:
        """Check that nothing arrives, not even an end."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reader.read(1)


class ProxiedServer(NamedTuple):
    """A proxy and the TCP server behind it."""

    proxy: Proxy
    arrivals: "asyncio.Queue[End]"

    async def connect(self) -> tuple[End, End]:
        """Connect through the proxy; return the client's end and the server's."""
        client = End(*await asyncio.open_connection("127.0.0.1", port_of(self.proxy.url)))
        async with asyncio.timeout(PATIENCE_S):
            return client, await self.arrivals.get()

    async def meet(self, way: str) -> tuple[End, End]:
        """Connect; return the sender and the receiver of that direction."""
        client, server = await self.connect()
        return (client, server) if way == "up" else (server, client)


@asynccontextmanager
async def proxied_server(seed: int = 0) -> AsyncIterator[ProxiedServer]:
    """Start a server that only accepts, and a proxy in front of it."""
    arrivals: asyncio.Queue[End] = asyncio.Queue()
    made: list[asyncio.StreamWriter] = []

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer)
        arrivals.put_nowait(End(reader, writer))

    server = await asyncio.start_server(arrive, "127.0.0.1", 0, backlog=1000)
    async with server, Proxy(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/rooms", seed=seed) as proxy:
        yield ProxiedServer(proxy, arrivals)
        for writer in made:
            writer.transport.abort()


def put(running: ProxiedServer, way: str, *faults: Fault, only: int | None = None) -> None:
    """Set the faults of one direction."""
    running.proxy.set(**{way: list(faults)}, only=only)


# Bytes


@both_ways
@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Pass()],
        [Latency(0.02)],
        [Jitter(0.02)],
        [Throttle(20_000)],
        [Slice(50)],
        [Dribble(0)],
        [Stall(seconds=0.05)],
        [Slice(100), Latency(0.01), Throttle(100_000), Jitter(0.01)],
    ],
    ids=repr,
)
async def test_proxy_lossless_faults_change_one_direction_only(faults: list[Fault], way: str) -> None:
    async with proxied_server() as running:
        put(running, way, *faults)
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA)
        assert await receiver.read(len(DATA)) == DATA
        receiver.writer.write(b"answer")
        assert await sender.read(6) == b"answer"
        sender.writer.write_eof()
        assert await receiver.rest() == (b"", "FIN")
        receiver.writer.write(b"still here")
        receiver.writer.write_eof()
        assert await sender.rest() == (b"still here", "FIN")
        await until(lambda: not running.proxy.connections[0].open)


async def test_proxy_passes_megabytes_unchanged() -> None:
    data = DATA * 1024
    async with proxied_server() as running:
        ends = await running.connect()
        for end in ends:
            end.writer.write(data)
            end.writer.write_eof()
        began = asyncio.get_running_loop().time()
        assert await asyncio.gather(*(end.rest() for end in ends)) == [(data, "FIN"), (data, "FIN")]
        assert asyncio.get_running_loop().time() - began < 10
        seen = running.proxy.connections[0]
        assert (seen.bytes_up, seen.bytes_down, seen.held_up, seen.held_down) == (len(data), len(data), 0, 0)


@both_ways
async def test_proxy_throttle_slows_in_proportion(way: str) -> None:
    loop, took = asyncio.get_running_loop(), []
    async with proxied_server() as running:
        for rate in (100_000, 10_000):
            put(running, way, Throttle(rate))
            sender, receiver = await running.meet(way)
            began = loop.time()
            sender.writer.write(b"x" * 5000)
            await receiver.read(5000)
            took.append(loop.time() - began)
    assert took[1] > 5 * took[0]
    assert took[1] > 0.4


@both_ways
async def test_proxy_stall_holds_until_healed(way: str) -> None:
    async with proxied_server() as running:
        sender, receiver = await running.meet(way)
        put(running, way, Stall())
        sender.writer.write(DATA)
        sender.writer.write_eof()
        await receiver.silence()
        seen = running.proxy.connections[0]
        assert (seen.held_up, seen.held_down) == ((len(DATA), 0) if way == "up" else (0, len(DATA)))
        running.proxy.heal()
        assert await receiver.rest() == (DATA, "FIN")


@both_ways
async def test_proxy_held_bytes_go_through_the_next_fault(way: str) -> None:
    async with proxied_server() as running:
        put(running, way, Stall())
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA)
        await until(lambda: sum(running.proxy.connections[0][4:6]) == len(DATA))
        put(running, way, Die(after_bytes=100))
        assert await receiver.rest() == (DATA[:100], "FIN")


@both_ways
async def test_proxy_blackhole_discards_until_healed(way: str) -> None:
    async with proxied_server() as running:
        put(running, way, Blackhole(after_bytes=3))
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA)
        assert await receiver.read(3) == DATA[:3]
        await receiver.silence()
        running.proxy.heal()
        sender.writer.write(b"later")
        assert await receiver.read(5) == b"later"


@both_ways
async def test_proxy_end_lost_in_a_blackhole_arrives_when_healed(way: str) -> None:
    """Otherwise a peer would wait for ever for one that has left."""
    async with proxied_server() as running:
        put(running, way, Blackhole())
        sender, receiver = await running.meet(way)
        sender.writer.write_eof()
        await receiver.silence()
        running.proxy.heal()
        assert await receiver.rest() == (b"", "FIN")


@both_ways
async def test_proxy_frame_fault_on_a_live_connection_finds_frames(way: str) -> None:
    whole = frame(TEXT, frame(PONG, b"") * 10)
    async with proxied_server() as running:
        sender, receiver = await running.meet(way)
        sender.writer.write(HEAD + whole[:9])
        assert await receiver.read(len(HEAD) + 9) == HEAD + whole[:9]
        put(running, way, PongMute())
        sender.writer.write(whole[9:] + frame(PONG, b"p") + whole)
        assert await receiver.read(2 * len(whole) - 9) == whole[9:] + whole


# Ends


@both_ways
async def test_proxy_reset_sends_rst_to_both_sides(way: str) -> None:
    async with proxied_server() as running:
        sender, receiver = await running.meet(way)
        put(running, way, Reset())
        assert await asyncio.gather(sender.rest(), receiver.rest()) == [(b"", "RST"), (b"", "RST")]
        await until(lambda: not running.proxy.connections[0].open)


@both_ways
async def test_proxy_die_sends_fin_to_both_sides(way: str) -> None:
    async with proxied_server() as running:
        put(running, way, Die(after_bytes=1000))
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA * 100)
        assert await asyncio.gather(sender.rest(), receiver.rest()) == [(b"", "FIN"), (DATA[:1000], "FIN")]


@both_ways
async def test_proxy_half_close_sends_fin_to_the_receiver(way: str) -> None:
    async with proxied_server() as running:
        put(running, way, HalfClose(after_bytes=10))
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA)
        assert await receiver.rest() == (DATA[:10], "FIN")
        for _ in range(20):
            sender.writer.write(DATA)
            await sender.writer.drain()
        receiver.writer.write(b"answer")
        assert await sender.read(6) == b"answer"
        assert running.proxy.connections[0].open
        receiver.writer.write_eof()
        assert await sender.rest() == (b"", "FIN")


@both_ways
async def test_proxy_passes_a_reset_on(way: str) -> None:
    async with proxied_server() as running:
        sender, receiver = await running.meet(way)
        sock = sender.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sender.writer.transport.abort()
        assert await receiver.rest() == (b"", "RST")


@both_ways
async def test_proxy_end_arrives_after_delayed_bytes(way: str) -> None:
    async with proxied_server() as running:
        put(running, way, Latency(0.2))
        sender, receiver = await running.meet(way)
        sender.writer.write(DATA)
        sender.writer.write_eof()
        await receiver.silence()
        assert await receiver.rest() == (DATA, "FIN")


async def test_proxy_without_server_resets_the_client() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Proxy(f"ws://127.0.0.1:{port}") as proxy:
        for _ in range(2):
            client = End(*await asyncio.open_connection("127.0.0.1", port_of(proxy.url)))
            assert await client.rest() == (b"", "RST")


# Backpressure


@both_ways
@pytest.mark.parametrize("fault", [Stall(), Throttle(100), Dribble(1), Latency(60), Jitter(60)], ids=repr)
async def test_proxy_holding_fault_blocks_the_sender(fault: Fault, way: str) -> None:
    """Proxy and kernel hold a few KiB, and the rest stays with the sender."""
    async with proxied_server() as running:
        put(running, way, fault)
        sender, _ = await running.meet(way)
        sender.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sender.writer.write(b"x" * 5_000_000)
        unsent, last = sender.writer.transport.get_write_buffer_size(), -1
        while unsent != last:
            await asyncio.sleep(0.1)
            unsent, last = sender.writer.transport.get_write_buffer_size(), unsent
        swallowed = 5_000_000 - unsent
        seen = running.proxy.connections[0]
        most = WIRE_BYTES if isinstance(fault, Latency | Jitter) else HELD_BYTES
        held = seen.held_up + seen.held_down
        assert 0 < held <= most + 2 * HELD_BYTES
        assert swallowed - held <= 3 * KERNEL_BYTES


async def test_proxy_stopped_reader_blocks_the_sender() -> None:
    """The proxy must not hide a backlog: with the kernel it takes far less than a megabyte."""
    async with proxied_server() as running:
        client, server = await running.connect()
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server.writer.write(b"x" * 20_000_000)
        await asyncio.sleep(0.5)
        seen = running.proxy.connections[0]
        assert seen.held_down <= 3 * HELD_BYTES
        assert 20_000_000 - server.writer.transport.get_write_buffer_size() < 300_000


# Which connections


@both_ways
async def test_proxy_fault_for_one_connection_spares_others(way: str) -> None:
    """Connections are numbered from 0 in the order of accept, and may be numbered in advance."""
    async with proxied_server() as running:
        put(running, way, Blackhole(), only=1)
        put(running, way, Blackhole(), only=2)
        pairs = [await running.meet(way) for _ in range(4)]
        for sender, _ in pairs:
            sender.writer.write(b"hello")
        for number in (0, 3):
            assert await pairs[number][1].read(5) == b"hello"
        for number in (1, 2):
            await pairs[number][1].silence(0.05)
        running.proxy.heal(only=2)
        pairs[2][0].writer.write(b"again")
        assert await pairs[2][1].read(5) == b"again"
        await pairs[1][1].silence(0.05)
        assert [seen.number for seen in running.proxy.connections] == [0, 1, 2, 3]


@both_ways
async def test_proxy_fault_for_all_replaces_those_of_one(way: str) -> None:
    """The latest call wins; a direction left out keeps its faults."""
    other = "down" if way == "up" else "up"
    async with proxied_server() as running:
        first = await running.meet(way)
        put(running, way, Pass(), only=0)
        put(running, way, Pass(), only=1)
        put(running, other, Blackhole())
        put(running, way, Stall())
        second = await running.meet(way)
        for sender, receiver in (first, second):
            sender.writer.write(b"x")
            receiver.writer.write(b"y")
        for sender, receiver in (first, second):
            await receiver.silence(0.05)
            await sender.silence(0.05)
        running.proxy.heal()
        third = await running.meet(way)
        for _, receiver in (first, second):
            assert await receiver.read(1) == b"x"
        third[0].writer.write(b"z")
        assert await third[1].read(1) == b"z"


async def test_proxy_reports_traffic_of_open_and_ended_connections() -> None:
    async with proxied_server() as running:
        client, server = await running.connect()
        client.writer.write(b"12345")
        server.writer.write(b"123")
        await server.read(5)
        await client.read(3)
        seen = running.proxy.connections[0]
        assert (seen.number, seen.bytes_up, seen.bytes_down, seen.open) == (0, 5, 3, True)
        assert seen.since > 0
        client.writer.close()
        server.writer.close()
        await until(lambda: not running.proxy.connections[0].open)
        assert running.proxy.connections == [seen._replace(open=False)]


# One lifecycle


async def test_proxy_url_keeps_scheme_and_path() -> None:
    async with proxied_server() as running:
        assert running.proxy.url.startswith("ws://127.0.0.1:")
        assert running.proxy.url.endswith("/rooms")
        assert running.proxy.url != running.proxy.server_url


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ws://localhost", "ws://:8080", ""])
def test_proxy_address_without_host_or_port_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a proxy needs a server address with a port"):
        Proxy(url)


async def test_proxy_exit_resets_open_connections() -> None:
    tasks = asyncio.all_tasks()
    async with proxied_server() as running:
        client, server = await running.connect()
        running.proxy.set(down=[Stall()], up=[Latency(60)])
        client.writer.write(DATA)
        await until(lambda: running.proxy.connections[0].held_up > 0)
        await running.proxy.__aexit__(None, None, None)
        assert await asyncio.gather(client.rest(), server.rest()) == [(b"", "RST"), (b"", "RST")]
        assert not [task for task in asyncio.all_tasks() - tasks if "faults" in repr(task.get_coro())]
        with pytest.raises(RuntimeError, match="use `async with Proxy"):
            _ = running.proxy.url
        async with running.proxy:
            assert await running.connect()
    gc.collect()


async def test_proxy_accepts_hundreds_of_connections_at_once() -> None:
    async with proxied_server() as running:
        clients = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", port_of(running.proxy.url)) for _ in range(300))
        )
        servers = [await running.arrivals.get() for _ in range(300)]
        for server in servers:
            server.writer.write(b"hello")
        assert {await End(*client).read(5) for client in clients} == {b"hello"}
        for _, writer in clients:
            writer.close()
        for server in servers:
            server.writer.close()
        await until(lambda: not any(seen.open for seen in running.proxy.connections))
        assert len(running.proxy.connections) == 300
