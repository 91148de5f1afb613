"""What an ill-meaning or broken peer can do: nothing that a healthy pair notices, and nothing that stays in memory."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labkit.review.frames import TEXT, frame
from tests.wire.raw import TOKEN, Process, Raw, ask, drop_all, pair, process, request, text, upgrade

MOST_KB = 20 * 1024
AUTH_TIMEOUT_S = 2.0
Harm = Callable[[str], Awaitable[None]]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


async def ended(url: str, said: bytes, code: int) -> None:
    """Say it before auth; it ends with that code."""
    raw = await Raw.open(url)
    raw.send(said)
    assert (await raw.ending())[0] == code


async def unmasked(url: str) -> None:
    await ended(url, frame(TEXT, b'{"type":"ping"}', masked=False), 1002)


async def long_type(url: str) -> None:
    await ended(url, text({"type": "x" * 200}), 1008)


async def giant_frame(url: str) -> None:
    """It is announced, and as much of it as the server takes is sent."""
    raw = await Raw.open(url)
    raw.send(b"\x81\xff" + (90 * 2**20).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 2**20)
    assert (await raw.ending())[0] in (1009, 1006)  # 1006: it was cut off while we were still sending


async def foreign_origin(url: str) -> None:
    assert (await ask(url, upgrade(Origin="https://evil.example"))).status == 403


async def auth_after_failed_auth(url: str) -> None:
    await ended(url, text({"type": "auth", "token": "wrong-token"}) + text({"type": "auth", "token": TOKEN}), 4403)


async def join_and_chat_in_one_packet(url: str) -> None:
    raw = await Raw.enter(url)
    raw.send(text({"type": "join", "roomId": "a"}) + text({"type": "chat", "roomId": "a", "text": "x"}))
    assert [said["type"] for said in await raw.hear_many(2)] == ["joined", "chat"]


async def silence(url: str) -> None:
    await (await Raw.dial(url)).gone()


async def silence_after_the_handshake(url: str) -> None:
    assert (await (await Raw.open(url)).ending())[0] == 4401


async def a_byte_at_a_time(url: str) -> None:
    raw = await Raw.dial(url)
    for byte in upgrade():
        raw.send(bytes([byte]))
        await asyncio.sleep(0.001)
    assert (await raw.head()).status == 101


async def deep_json(url: str) -> None:
    """As large as a frame announces, as large as a frame may be, as large as a message may be; whole and in pieces."""
    await ended(url, text("[" * 100_000), 1009)
    await ended(url, text("[" * 65_000), 1008)
    await ended(url, text("[" * 4_000 + "]" * 4_000), 1008)
    await ended(url, b"".join(frame(TEXT if at == 0 else 0, b"[" * 1_000, fin=at == 99) for at in range(100)), 1008)


async def empty_fragments(url: str) -> None:
    raw = await Raw.open(url)
    raw.send(frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 20_000)
    assert (await raw.ending())[0] in (4429, 1006)


async def head(url: str) -> None:
    assert (await ask(url, request("HEAD", "/"))).status == 200


async def post_with_a_body(url: str) -> None:
    body = os.urandom(100_000)
    raw = await Raw.dial(url)
    raw.send(request("POST", "/ticket", {"Content-Length": str(len(body))}, body))
    assert (await raw.http()).status == 400


HARMS: list[Harm] = [
    unmasked,
    long_type,
    giant_frame,
    foreign_origin,
    auth_after_failed_auth,
    join_and_chat_in_one_packet,
    silence,
    silence_after_the_handshake,
    a_byte_at_a_time,
    deep_json,
    empty_fragments,
    head,
    post_with_a_body,
]


@asynccontextmanager
async def server_for_harm(tmp: Path) -> AsyncIterator[Process]:
    """One that has served for a while, so that what it needs anyway is in memory already."""
    settings = [f"auth_timeout_s={AUTH_TIMEOUT_S}", "handshakes_per_s=off"]
    async with process(tmp, *(word for setting in settings for word in ("--set", setting))) as server:
        for _ in range(20):
            await pair(server.url)
        drop_all()
        yield server


async def test_none_of_these_harms_the_server(tmp_path: Path) -> None:
    """Each of them ten times at once, with a healthy pair talking before, during and after; less than 20 MB grown."""
    async with server_for_harm(tmp_path) as server:
        before = server.rss_kb()
        together = [asyncio.ensure_future(harm(server.url)) for harm in HARMS for _ in range(10)]
        while not all(task.done() for task in together):
            await pair(server.url)
            await asyncio.sleep(0.05)
        await asyncio.gather(*together)
        await pair(server.url)
        grown = server.rss_kb() - before
        print(f"grown by {grown / 1024:.1f} MB")
        assert grown < MOST_KB
        assert "Traceback" not in server.log.read_text()


@pytest.mark.alone("2,000 connections end at once, and each has the same short time for it")
async def test_two_thousand_idle_sockets_cost_little_and_end(tmp_path: Path) -> None:
    """Unauthenticated and silent: 20 MB at most while they are there, 4401 for each, and a pair talks all the while."""
    async with server_for_harm(tmp_path) as server:
        before = server.rss_kb()
        raws: list[Raw] = []
        for _ in range(40):
            raws += await asyncio.gather(*(Raw.open(server.url) for _ in range(50)))
        await pair(server.url)
        grown = server.rss_kb() - before
        print(f"{len(raws)} idle sockets: grown by {grown / 1024:.1f} MB, {grown / len(raws):.1f} KB each")
        endings = await asyncio.gather(*(raw.ending() for raw in raws))
        assert set(endings) == {(4401, "auth required")}
        await pair(server.url)
        assert max(grown, server.rss_kb() - before) < MOST_KB
