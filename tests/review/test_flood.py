"""A flood whose responses nobody reads: a server that limits it, and one that does not."""

import asyncio
import socket
from pathlib import Path

import pytest

from labkit.evidence import NotSeen
from labkit.review.dialect import Dialect
from labkit.review.endpoint import ReceiveTimeout
from labkit.review.flood import flood_without_reading
from labkit.review.peer import Peer
from labkit.review.transcript import Transcript


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux reports unread bytes")
async def test_bytes_buffered_by_the_kernel_do_not_count_as_read() -> None:
    """A server that reads nothing limits the flood, although the kernel accepts every byte."""
    results = {}
    for reads in (False, True):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            loop = asyncio.get_running_loop()
            peer = Peer("a", Transcript("ws://localhost"), Dialect(), 1)
            await loop.create_connection(lambda peer=peer: peer, *listener.getsockname())
            other, _ = await loop.sock_accept(listener)
            reading = asyncio.create_task(drain(other)) if reads else None
            results[reads] = await flood_without_reading(peer, b"x" * 100, 32 * 1024, 0.2, served)
            if reading is not None:
                reading.cancel()
            peer.drop()
            other.close()
    assert results == {False: "the server stopped reading after 0 KiB", True: None}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux reports unread bytes")
async def test_server_that_is_busy_for_all_has_not_stopped_reading() -> None:
    """It answers nobody, or it reads on as soon as it has answered another client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        peer = Peer("a", Transcript("ws://localhost"), Dialect(), 1)
        await loop.create_connection(lambda: peer, *listener.getsockname())
        other, _ = await loop.sock_accept(listener)
        reading: list[asyncio.Task[None]] = []

        async def answers_nobody() -> None:
            raise ReceiveTimeout("nothing arrived within 1 s")

        async def reads_on() -> None:
            reading.append(asyncio.create_task(drain(other)))
            await asyncio.sleep(0.5)

        with pytest.raises(NotSeen, match="whether it stopped reading was not seen: nothing arrived"):
            await flood_without_reading(peer, b"x" * 100, 32 * 1024, 0.2, answers_nobody)
        assert await flood_without_reading(peer, b"x" * 100, 32 * 1024, 0.2, reads_on) is None
        assert len(reading) == 1
        reading[0].cancel()
        with pytest.raises(NotSeen, match="whether it stopped reading"):  # more than the kernel buffers
            await flood_without_reading(peer, b"x" * 100, 64 * 2**20, 0.2, answers_nobody)
        peer.drop()
        other.close()


async def served() -> None:
    """Answer another client."""


async def drain(other: socket.socket) -> None:
    """Read everything that arrives."""
    while await asyncio.get_running_loop().sock_recv(other, 65536):
        pass
