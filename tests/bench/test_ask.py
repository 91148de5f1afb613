"""Requests to a room server that ends in the middle of its answer."""

import asyncio

import pytest

from labkit.bench.ask import ask, revoke

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize("reply", [b"", b"HTT", HEAD, HEAD + b"half"])
async def test_ask_answer_cut_short_raises_os_error(reply: bytes) -> None:
    """Callers retry on OSError, so a server killed before, in or after the head must raise one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OSError):
            await asyncio.to_thread(ask, f"ws://127.0.0.1:{port}", "/class/board")


async def test_a_revoked_name_is_percent_encoded() -> None:
    """A name may hold a space, a slash, and letters of any language."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.to_thread(revoke, url, "secret", "ana b/ü")
    assert asked == [b"POST /revoke/ana%20b%2F%C3%BC HTTP/1.1\r\n"]
