"""The hop: messages pass; pings, close codes and backpressure do not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from labkit.bench.hop import Hop


@asynccontextmanager
async def opened(handle: object) -> AsyncIterator[Hop]:
    """A server with that handler, and a hop in front of it."""
    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=0.2) as server:
        port = server.sockets[0].getsockname()[1]
        async with Hop(f"ws://127.0.0.1:{port}") as hop:
            yield hop


CLOSE_1000 = b"\x88\x82\0\0\0\0\x03\xe8"  # a masked close frame


async def silent_client(hop: Hop) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket client that reads its handshake, and nothing else ever."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(hop.url.rpartition(":")[2]), limit=1024)
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def test_hop_passes_messages_both_ways() -> None:
    """What is said on one side is heard on the other, text as text and bytes as bytes."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def story() -> list[str | bytes]:
        async with opened(echo) as hop, websockets.connect(hop.url) as client:
            await client.send("text")
            await client.send(b"bytes")
            return [await client.recv(), await client.recv()]

    assert asyncio.run(story()) == ["text", b"bytes"]


def test_hop_drops_close_code_and_reason() -> None:
    """The server closes with 4410 and a reason; the client sees 1005 and none."""

    async def revoke(connection: ServerConnection) -> None:
        await connection.close(4410, "session revoked")

    async def story() -> tuple[int | None, str | None]:
        async with opened(revoke) as hop, websockets.connect(hop.url) as client:
            await client.wait_closed()
            return client.close_code, client.close_reason

    assert asyncio.run(story()) == (1005, "")


def test_hop_answers_pings_of_a_client_that_never_reads() -> None:
    """The pong that the server gets says nothing about the client, which never reads."""

    async def ask(connection: ServerConnection) -> None:
        async with asyncio.timeout(2):
            await (await connection.ping())
        answered.set_result(True)

    async def story() -> bool:
        global answered
        answered = asyncio.get_running_loop().create_future()
        async with opened(ask) as hop:
            _, writer = await silent_client(hop)
            try:
                return await answered
            finally:
                writer.close()

    assert asyncio.run(story())


def test_hop_buffers_for_a_slow_client_until_it_closes() -> None:
    """The server's own buffer stays empty beside a client that does not read: the hop holds it all."""
    own: list[int] = []

    async def talk(connection: ServerConnection) -> None:
        for _ in range(200):
            await connection.send(json.dumps("x" * 100_000))
        own.append(connection.transport.get_write_buffer_size())
        await connection.wait_closed()

    async def story() -> tuple[int, int]:
        async with opened(talk) as hop:
            async with websockets.connect(hop.url, max_queue=1, ping_interval=None, close_timeout=0.1) as client:
                while not own:
                    await asyncio.sleep(0.05)
                held = hop.held_bytes
                client.transport.abort()
            while hop.held_bytes:
                await asyncio.sleep(0.05)
            return held, hop.held_bytes

    held, left = asyncio.run(asyncio.wait_for(story(), 30))
    assert own[0] < 1_000_000 < 5_000_000 < held
    assert left == 0


def test_hop_closes_despite_a_client_that_never_reads() -> None:
    """Its end waits for nobody: neither for a close handshake that cannot end, nor for what cannot be delivered."""

    async def talk(connection: ServerConnection) -> None:
        for _ in range(100):
            await connection.send("x" * 100_000)
        await connection.wait_closed()

    async def story() -> float:
        async with opened(talk) as hop:
            _, writer = await silent_client(hop)
            while hop.held_bytes < 1_000_000:
                await asyncio.sleep(0.05)
            writer.write(CLOSE_1000)
            await asyncio.sleep(0.2)
            began = asyncio.get_running_loop().time()
            await hop.__aexit__(None, None, None)
            writer.close()
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(asyncio.wait_for(story(), 30)) < 10


def test_hop_not_started_has_no_url() -> None:
    """The error says what to do."""
    with pytest.raises(RuntimeError, match="async with Hop"):
        _ = Hop("ws://127.0.0.1:1").url
