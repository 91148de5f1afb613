"""Large bodies: sent in pieces, with bounded memory and no member kept waiting."""

import asyncio
import contextlib
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response

from labkit.wire.admission import Peer
from labkit.wire.http import streaming
from labkit.wire.http.routes import Routes
from labkit.wire.http.streaming import PIECE_BYTES, streamed
from labkit.wire.server import Server
from tests.wire.raw import Raw, ask, request, serving, until

PIECES = 400  # 25 MB
MUCH = bytes(range(256)) * (PIECE_BYTES // 256)
HOST = {"Host": "localhost"}


class Body:
    """A body that counts how many of its pieces were taken."""

    def __init__(self, pieces: int = PIECES, breaks_at: int | None = None) -> None:
        self.taken, self._pieces, self._breaks_at = 0, pieces, breaks_at

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.taken == self._breaks_at:
            raise OSError(5, "Input/output error", "pack.zip")
        if self.taken == self._pieces:
            raise StopIteration
        self.taken += 1
        return MUCH

    def routes(self) -> Routes:
        return {("GET", "/much"): self._answer}

    def _answer(self, request: Request, peer: Peer) -> Response:
        return streamed(HTTPStatus.OK, iter(self), self._pieces * PIECE_BYTES, ETag='"1"')


async def opened(server: Server, method: str = "GET") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose answer is not read yet."""
    reader, writer = await asyncio.open_connection("localhost", server.port, limit=PIECE_BYTES)
    writer.write(request(method, "/much", HOST))
    return reader, writer


async def test_body_arrives_whole() -> None:
    async with serving(routes=Body().routes()) as server:
        answer = await ask(server.url, request("GET", "/much", HOST))
    assert answer.status == 200 and answer.headers["content-length"] == str(len(answer.body))
    assert answer.body == MUCH * PIECES


async def test_head_sends_no_body() -> None:
    body = Body()
    async with serving(routes=body.routes()) as server:
        answer = await ask(server.url, request("HEAD", "/much", HOST))
    assert (answer.status, answer.body, body.taken) == (200, b"", 0)
    assert answer.headers["content-length"] == str(PIECES * PIECE_BYTES)


async def test_client_that_reads_nothing_costs_a_piece_and_the_kernels_buffers() -> None:
    body = Body()
    async with serving(routes=body.routes()) as server:
        _, writer = await opened(server)
        await until(lambda: body.taken >= 1)
        before = -1
        while body.taken != before:
            before = body.taken
            await asyncio.sleep(0.3)
        [connection] = server.hub.state.sockets
        assert connection.transport.get_write_buffer_size() <= 2 * PIECE_BYTES
        assert body.taken < PIECES
        writer.close()


async def test_client_that_stalls_is_reset_and_one_that_goes_on_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of the handshake, 1 s here, is not the download's: each piece gives it STALLED_S again."""
    monkeypatch.setattr(streaming, "STALLED_S", 1.5)
    body = Body(pieces=20_000)
    async with serving(routes=body.routes()) as server:
        slow, slow_writer = await opened(server)
        _, stalled_writer = await opened(server)
        rounds = 0
        while rounds < 8 or len(server.hub.state.sockets) > 1:
            await slow.readexactly(64 * PIECE_BYTES)
            await asyncio.sleep(0.5)
            rounds += 1
        assert await slow.readexactly(64 * PIECE_BYTES)
        for writer in (slow_writer, stalled_writer):
            writer.close()


async def test_members_are_served_between_the_pieces() -> None:
    """With 20 downloads under way, a member's ping is answered after a few pieces, not after all of them."""
    bodies = Body(pieces=4000)
    async with serving(routes=bodies.routes()) as server:
        ana = await Raw.enter(server.url)
        readers = [await opened(server) for _ in range(20)]

        async def drain(reader: asyncio.StreamReader) -> None:
            with contextlib.suppress(ConnectionError):
                while await reader.read(PIECE_BYTES):
                    pass

        tasks = [asyncio.create_task(drain(reader)) for reader, _ in readers]
        await until(lambda: bodies.taken > 40)
        before = bodies.taken
        for _ in range(10):
            ana.say(type="ping")
            await ana.hear("pong")
        assert bodies.taken < 4000
        await until(lambda: bodies.taken > before)
        for task in tasks:
            task.cancel()
        for _, writer in readers:
            writer.close()


async def test_disk_that_fails_resets_its_download_only() -> None:
    """A short body must not look like a whole one."""
    async with serving(routes=Body(breaks_at=3).routes()) as server:
        reader, writer = await opened(server)
        with contextlib.suppress(ConnectionError):
            assert len(await reader.read(-1)) < PIECES * PIECE_BYTES
        writer.close()
        assert (await ask(server.url, request("GET", "/healthz", HOST))).status == 200


async def test_server_that_stops_ends_a_download() -> None:
    async with serving(routes=Body().routes()) as server:
        _, writer = await opened(server)
        await until(lambda: bool(server.hub.state.sockets))
    assert not server.hub.state.sockets
    writer.close()
