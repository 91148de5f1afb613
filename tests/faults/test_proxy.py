"""The proxy with real sockets: bytes in both directions, ends of every kind, healing, and backpressure that is felt."""

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
from tests.faults.streams import HEAD
from tests.wire.raw import PATIENCE_S, PONG, TEXT, frame, on_a_loop, until

DATA = bytes(range(256)) * 8
both_ways = pytest.mark.parametrize("way", ["up", "down"])


def port_of(url: str) -> int:
    """The port of an address with a path."""
    return urlsplit(url).port or 0


class End(NamedTuple):
    """One end of a TCP connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self, count: int) -> bytes:
        """So many bytes."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readexactly(count)

    async def rest(self) -> tuple[bytes, str]:
        """What still comes, and how it ends: FIN or RST."""
        data = b""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while piece := await self.reader.read(65536):
                    data += piece
            except ConnectionError:
                return data, "RST"
        return data, "FIN"

    async def silence(self, seconds: float = 0.1) -> None:
        """Nothing comes, not even an end."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reader.read(1)


class House(NamedTuple):
    """A proxy and the TCP server behind it."""

    proxy: Proxy
    arrivals: "asyncio.Queue[End]"

    async def connect(self) -> tuple[End, End]:
        """A connection through the proxy: the client's end and the server's."""
        client = End(*await asyncio.open_connection("127.0.0.1", port_of(self.proxy.url)))
        async with asyncio.timeout(PATIENCE_S):
            return client, await self.arrivals.get()

    async def meet(self, way: str) -> tuple[End, End]:
        """A connection: who sends and who receives in that direction."""
        client, server = await self.connect()
        return (client, server) if way == "up" else (server, client)


@asynccontextmanager
async def standing(seed: int = 0) -> AsyncIterator[House]:
    """A server that only accepts, and a proxy in front of it."""
    arrivals: asyncio.Queue[End] = asyncio.Queue()
    made: list[asyncio.StreamWriter] = []

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer)
        arrivals.put_nowait(End(reader, writer))

    server = await asyncio.start_server(arrive, "127.0.0.1", 0, backlog=1000)
    async with server, Proxy(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/rooms", seed=seed) as proxy:
        yield House(proxy, arrivals)
        for writer in made:
            writer.transport.abort()


def put(house: House, way: str, *faults: Fault, only: int | None = None) -> None:
    """Faults in one direction."""
    house.proxy.set(**{way: list(faults)}, only=only)


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
@on_a_loop
async def test_proxy_lossless_faults_change_one_direction_only(
    faults: list[Fault], way: str
) -> None:
    """The same bytes in the same order, then FIN; and an answer the other way, with no fault on it."""
    async with standing() as house:
        put(house, way, *faults)
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA)
        assert await receiver.read(len(DATA)) == DATA
        receiver.writer.write(b"answer")
        assert await sender.read(6) == b"answer"
        sender.writer.write_eof()
        assert await receiver.rest() == (b"", "FIN")
        receiver.writer.write(b"still here")
        receiver.writer.write_eof()
        assert await sender.rest() == (b"still here", "FIN")
        await until(lambda: not house.proxy.connections[0].open)


@on_a_loop
async def test_proxy_passes_megabytes_unchanged() -> None:
    """Both ways at once, through buffers of a few KiB."""
    data = DATA * 1024
    async with standing() as house:
        ends = await house.connect()
        for end in ends:
            end.writer.write(data)
            end.writer.write_eof()
        began = asyncio.get_running_loop().time()
        assert await asyncio.gather(*(end.rest() for end in ends)) == [(data, "FIN"), (data, "FIN")]
        assert asyncio.get_running_loop().time() - began < 10
        seen = house.proxy.connections[0]
        assert (seen.bytes_up, seen.bytes_down, seen.held_up, seen.held_down) == (len(data), len(data), 0, 0)


@both_ways
@on_a_loop
async def test_proxy_throttle_slows_in_proportion(way: str) -> None:
    """Ten times narrower, at least five times longer."""
    loop, took = asyncio.get_running_loop(), []
    async with standing() as house:
        for rate in (100_000, 10_000):
            put(house, way, Throttle(rate))
            sender, receiver = await house.meet(way)
            began = loop.time()
            sender.writer.write(b"x" * 5000)
            await receiver.read(5000)
            took.append(loop.time() - began)
    assert took[1] > 5 * took[0]
    assert took[1] > 0.4


@both_ways
@on_a_loop
async def test_proxy_stall_holds_until_healed(way: str) -> None:
    """No byte, no end; healed, all of it in order."""
    async with standing() as house:
        sender, receiver = await house.meet(way)
        put(house, way, Stall())
        sender.writer.write(DATA)
        sender.writer.write_eof()
        await receiver.silence()
        seen = house.proxy.connections[0]
        assert (seen.held_up, seen.held_down) == ((len(DATA), 0) if way == "up" else (0, len(DATA)))
        house.proxy.heal()
        assert await receiver.rest() == (DATA, "FIN")


@both_ways
@on_a_loop
async def test_proxy_held_bytes_go_through_the_next_fault(way: str) -> None:
    """A stall that becomes a short wire."""
    async with standing() as house:
        put(house, way, Stall())
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA)
        await until(lambda: sum(house.proxy.connections[0][4:6]) == len(DATA))
        put(house, way, Die(after_bytes=100))
        assert await receiver.rest() == (DATA[:100], "FIN")


@both_ways
@on_a_loop
async def test_proxy_blackhole_discards_until_healed(way: str) -> None:
    """Not even the end; healed, what is said from then on arrives."""
    async with standing() as house:
        put(house, way, Blackhole(after_bytes=3))
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA)
        assert await receiver.read(3) == DATA[:3]
        await receiver.silence()
        house.proxy.heal()
        sender.writer.write(b"later")
        assert await receiver.read(5) == b"later"


@both_ways
@on_a_loop
async def test_proxy_end_lost_in_a_blackhole_arrives_when_healed(way: str) -> None:
    """Nobody waits for ever for a peer that left."""
    async with standing() as house:
        put(house, way, Blackhole())
        sender, receiver = await house.meet(way)
        sender.writer.write_eof()
        await receiver.silence()
        house.proxy.heal()
        assert await receiver.rest() == (b"", "FIN")


@both_ways
@on_a_loop
async def test_proxy_frame_fault_on_a_live_connection_finds_frames(way: str) -> None:
    """In the midst of a frame that looks like a pong inside: that one passes whole, the next pong does not."""
    whole = frame(TEXT, frame(PONG, b"") * 10)
    async with standing() as house:
        sender, receiver = await house.meet(way)
        sender.writer.write(HEAD + whole[:9])
        assert await receiver.read(len(HEAD) + 9) == HEAD + whole[:9]
        put(house, way, PongMute())
        sender.writer.write(whole[9:] + frame(PONG, b"p") + whole)
        assert await receiver.read(2 * len(whole) - 9) == whole[9:] + whole


# Ends


@both_ways
@on_a_loop
async def test_proxy_reset_sends_rst_to_both_sides(way: str) -> None:
    """At once, on a connection that says nothing."""
    async with standing() as house:
        sender, receiver = await house.meet(way)
        put(house, way, Reset())
        assert await asyncio.gather(sender.rest(), receiver.rest()) == [(b"", "RST"), (b"", "RST")]
        await until(lambda: not house.proxy.connections[0].open)


@both_ways
@on_a_loop
async def test_proxy_die_sends_fin_to_both_sides(way: str) -> None:
    """What was to come behind them is lost."""
    async with standing() as house:
        put(house, way, Die(after_bytes=1000))
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA * 100)
        assert await asyncio.gather(sender.rest(), receiver.rest()) == [(b"", "FIN"), (DATA[:1000], "FIN")]


@both_ways
@on_a_loop
async def test_proxy_half_close_sends_fin_to_the_receiver(way: str) -> None:
    """The other direction lives on, and what the sender says is lost."""
    async with standing() as house:
        put(house, way, HalfClose(after_bytes=10))
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA)
        assert await receiver.rest() == (DATA[:10], "FIN")
        for _ in range(20):
            sender.writer.write(DATA)
            await sender.writer.drain()
        receiver.writer.write(b"answer")
        assert await sender.read(6) == b"answer"
        assert house.proxy.connections[0].open
        receiver.writer.write_eof()
        assert await sender.rest() == (b"", "FIN")


@both_ways
@on_a_loop
async def test_proxy_passes_a_reset_on(way: str) -> None:
    """Without any fault: an RST does not become a FIN on its way."""
    async with standing() as house:
        sender, receiver = await house.meet(way)
        sock = sender.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sender.writer.transport.abort()
        assert await receiver.rest() == (b"", "RST")


@both_ways
@on_a_loop
async def test_proxy_end_arrives_after_delayed_bytes(way: str) -> None:
    """A longer wire delays the FIN as it delays the bytes."""
    async with standing() as house:
        put(house, way, Latency(0.2))
        sender, receiver = await house.meet(way)
        sender.writer.write(DATA)
        sender.writer.write_eof()
        await receiver.silence()
        assert await receiver.rest() == (DATA, "FIN")


@on_a_loop
async def test_proxy_without_server_resets_the_client() -> None:
    """As by the machine itself; and the proxy goes on."""
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
@on_a_loop
async def test_proxy_holding_fault_blocks_the_sender(fault: Fault, way: str) -> None:
    """The proxy holds a few KiB, the kernel a few more, and the rest is still with the sender."""
    async with standing() as house:
        put(house, way, fault)
        sender, _ = await house.meet(way)
        sender.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sender.writer.write(b"x" * 5_000_000)
        unsent, last = sender.writer.transport.get_write_buffer_size(), -1
        while unsent != last:
            await asyncio.sleep(0.1)
            unsent, last = sender.writer.transport.get_write_buffer_size(), unsent
        swallowed = 5_000_000 - unsent
        seen = house.proxy.connections[0]
        most = WIRE_BYTES if isinstance(fault, Latency | Jitter) else HELD_BYTES
        held = seen.held_up + seen.held_down
        assert 0 < held <= most + 2 * HELD_BYTES
        assert swallowed - held <= 3 * KERNEL_BYTES


@on_a_loop
async def test_proxy_stopped_reader_blocks_the_sender() -> None:
    """The proxy is no place to hide a backlog in: what it and the kernel swallow is far below a megabyte."""
    async with standing() as house:
        client, server = await house.connect()
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server.writer.write(b"x" * 20_000_000)
        await asyncio.sleep(0.5)
        seen = house.proxy.connections[0]
        assert seen.held_down <= 3 * HELD_BYTES
        assert 20_000_000 - server.writer.transport.get_write_buffer_size() < 300_000


# Which connections


@both_ways
@on_a_loop
async def test_proxy_fault_for_one_connection_spares_others(way: str) -> None:
    """Numbered from 0 in the order of accept; also one that is yet to come."""
    async with standing() as house:
        put(house, way, Blackhole(), only=1)
        put(house, way, Blackhole(), only=2)
        pairs = [await house.meet(way) for _ in range(4)]
        for sender, _ in pairs:
            sender.writer.write(b"hello")
        for number in (0, 3):
            assert await pairs[number][1].read(5) == b"hello"
        for number in (1, 2):
            await pairs[number][1].silence(0.05)
        house.proxy.heal(only=2)
        pairs[2][0].writer.write(b"again")
        assert await pairs[2][1].read(5) == b"again"
        await pairs[1][1].silence(0.05)
        assert [seen.number for seen in house.proxy.connections] == [0, 1, 2, 3]


@both_ways
@on_a_loop
async def test_proxy_fault_for_all_replaces_those_of_one(way: str) -> None:
    """The latest word counts; the direction that is not named keeps its faults."""
    other = "down" if way == "up" else "up"
    async with standing() as house:
        first = await house.meet(way)
        put(house, way, Pass(), only=0)
        put(house, way, Pass(), only=1)
        put(house, other, Blackhole())
        put(house, way, Stall())
        second = await house.meet(way)
        for sender, receiver in (first, second):
            sender.writer.write(b"x")
            receiver.writer.write(b"y")
        for sender, receiver in (first, second):
            await receiver.silence(0.05)
            await sender.silence(0.05)
        house.proxy.heal()
        third = await house.meet(way)
        for _, receiver in (first, second):
            assert await receiver.read(1) == b"x"
        third[0].writer.write(b"z")
        assert await third[1].read(1) == b"z"


@on_a_loop
async def test_proxy_reports_traffic_of_open_and_ended_connections() -> None:
    """Bytes that arrived, by direction; since when; and whether it is open."""
    async with standing() as house:
        client, server = await house.connect()
        client.writer.write(b"12345")
        server.writer.write(b"123")
        await server.read(5)
        await client.read(3)
        seen = house.proxy.connections[0]
        assert (seen.number, seen.bytes_up, seen.bytes_down, seen.open) == (0, 5, 3, True)
        assert seen.since > 0
        client.writer.close()
        server.writer.close()
        await until(lambda: not house.proxy.connections[0].open)
        assert house.proxy.connections == [seen._replace(open=False)]


# One lifecycle


@on_a_loop
async def test_proxy_url_keeps_scheme_and_path() -> None:
    """A client needs to change nothing else."""
    async with standing() as house:
        assert house.proxy.url.startswith("ws://127.0.0.1:")
        assert house.proxy.url.endswith("/rooms")
        assert house.proxy.url != house.proxy.server_url


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ws://localhost", "ws://:8080", ""])
def test_proxy_address_without_host_or_port_is_refused(url: str) -> None:
    """With an example of one that will do."""
    with pytest.raises(ValueError, match="a proxy needs the address of a server with its port"):
        Proxy(url)


@on_a_loop
async def test_proxy_exit_resets_open_connections() -> None:
    """Both sides see RST; no task and no socket stays."""
    tasks = asyncio.all_tasks()
    async with standing() as house:
        client, server = await house.connect()
        house.proxy.set(down=[Stall()], up=[Latency(60)])
        client.writer.write(DATA)
        await until(lambda: house.proxy.connections[0].held_up > 0)
        await house.proxy.__aexit__(None, None, None)
        assert await asyncio.gather(client.rest(), server.rest()) == [(b"", "RST"), (b"", "RST")]
        assert not [task for task in asyncio.all_tasks() - tasks if "faults" in repr(task.get_coro())]
        with pytest.raises(RuntimeError, match="use `async with Proxy"):
            _ = house.proxy.url
        async with house.proxy:
            assert await house.connect()
    gc.collect()


@on_a_loop
async def test_proxy_accepts_hundreds_of_connections_at_once() -> None:
    """A storm passes through it."""
    async with standing() as house:
        clients = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", port_of(house.proxy.url)) for _ in range(300))
        )
        servers = [await house.arrivals.get() for _ in range(300)]
        for server in servers:
            server.writer.write(b"hello")
        assert {await End(*client).read(5) for client in clients} == {b"hello"}
        for _, writer in clients:
            writer.close()
        for server in servers:
            server.writer.close()
        await until(lambda: not any(seen.open for seen in house.proxy.connections))
        assert len(house.proxy.connections) == 300
