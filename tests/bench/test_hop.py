"""The hop passes messages, but not pings, close codes or backpressure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from labkit.bench.hop import Hop
from tests.wire.raw import upgrade

CLOSE_1000 = b"\x88\x82\0\0\0\0\x03\xe8"  # a masked close frame


@asynccontextmanager
async def opened(handle: object) -> AsyncIterator[Hop]:
    """Start a server with that handler, and a hop in front of it."""
    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=0.2) as server:
        port = server.sockets[0].getsockname()[1]
        async with Hop(f"ws://127.0.0.1:{port}") as hop:
            yield hop


async def silent_client(hop: Hop) -> asyncio.StreamWriter:
    """Connect a WebSocket client that reads only its handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(hop.url.rpartition(":")[2]), limit=1024)
    writer.write(upgrade())
    await reader.readuntil(b"\r\n\r\n")
    return writer


async def test_hop_passes_messages_both_ways() -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with opened(echo) as hop, websockets.connect(hop.url) as client:
        await client.send("text")
        await client.send(b"bytes")
        assert [await client.recv(), await client.recv()] == ["text", b"bytes"]


async def test_hop_drops_close_code_and_reason() -> None:
    async def revoke(connection: ServerConnection) -> None:
        await connection.close(4410, "session revoked")

    async with opened(revoke) as hop, websockets.connect(hop.url) as client:
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1005, "")


async def test_hop_answers_pings_of_a_client_that_never_reads() -> None:
    """So the pong tells the server nothing about the client."""
    answered = asyncio.Event()

    async def ping(connection: ServerConnection) -> None:
        async with asyncio.timeout(2):
            await (await connection.ping())
        answered.set()

    async with opened(ping) as hop, asyncio.timeout(5):
        writer = await silent_client(hop)
        await answered.wait()
        writer.close()


async def test_hop_buffers_for_a_slow_client_until_it_closes() -> None:
    own: list[int] = []

    async def flood_and_measure(connection: ServerConnection) -> None:
        for _ in range(200):
            await connection.send("x" * 100_000)
        own.append(connection.transport.get_write_buffer_size())
        await connection.wait_closed()

    async with asyncio.timeout(30), opened(flood_and_measure) as hop:
        async with websockets.connect(hop.url, max_queue=1, ping_interval=None, close_timeout=0.1) as client:
            while not own:
                await asyncio.sleep(0.05)
            assert own[0] < 1_000_000 < 5_000_000 < hop.held_bytes
            client.transport.abort()
        while hop.held_bytes:
            await asyncio.sleep(0.05)


async def test_hop_closes_despite_a_client_that_never_reads() -> None:
    """Neither the closing handshake nor undelivered messages can delay the exit."""

    async def flood(connection: ServerConnection) -> None:
        for _ in range(100):
            await connection.send("x" * 100_000)
        await connection.wait_closed()

    async with asyncio.timeout(30), opened(flood) as hop:
        writer = await silent_client(hop)
        while hop.held_bytes < 1_000_000:
            await asyncio.sleep(0.05)
        writer.write(CLOSE_1000)
        await asyncio.sleep(0.2)
        async with asyncio.timeout(10):
            await hop.__aexit__(None, None, None)
        writer.close()


def test_hop_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="async with Hop"):
        _ = Hop("ws://127.0.0.1:1").url
