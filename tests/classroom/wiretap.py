"""Everything that goes over the wire between one student's machine and a class, in both directions, as text.

    async with tapped(school.url) as tap:
        ...                                # the student joins tap.url
        "secret" in tap.text()

Frames are unmasked, and what a header carries in base64 is decoded: otherwise nothing could be found in them.
"""

import asyncio
import base64
import binascii
import gzip
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
UPGRADED = re.compile(rb"^upgrade: websocket", re.IGNORECASE | re.MULTILINE)
CODED = re.compile(rb"^(?:vote|authorization): (?:basic )?([A-Za-z0-9+/=]+)\r?$", re.IGNORECASE | re.MULTILINE)


class Tap:
    """What was sent so far, one buffer for each connection and direction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.buffers: list[bytearray] = []

    def text(self) -> str:
        """Return all of it, decoded."""
        return b"\n".join(part for buffer in self.buffers for part in decoded(bytes(buffer))).decode("utf-8", "replace")


def decoded(data: bytes) -> Iterator[bytes]:
    """Yield the head of a request or response, what it carries in base64, and its body or its frames."""
    head, _, rest = data.partition(HEAD_END)
    yield head
    for coded in CODED.findall(head):
        with suppress(binascii.Error):
            yield base64.b64decode(coded)
    if UPGRADED.search(head):
        yield from frames(rest)
    else:
        yield gzip.decompress(rest) if rest.startswith(b"\x1f\x8b") else rest


def frames(data: bytes) -> Iterator[bytes]:
    """Yield the payload of each frame, unmasked."""
    at = 0
    while at + 2 <= len(data):
        assert not data[at] & 0x40, "a compressed frame hides what it says"
        length, is_masked, at = data[at + 1] & 0x7F, bool(data[at + 1] & 0x80), at + 2
        extra = {126: 2, 127: 8}.get(length, 0)
        length = int.from_bytes(data[at : at + extra]) if extra else length
        at += extra
        mask = data[at : at + 4] if is_masked else bytes(4)
        at += 4 * is_masked
        payload = data[at : at + length]
        yield bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
        at += length


@asynccontextmanager
async def tapped(server_url: str) -> AsyncIterator[Tap]:
    """Listen on a port of its own, and pass everything on to the server and back."""
    port = urlsplit(server_url).port
    tap = Tap("")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        tap.buffers.append(buffer)
        with suppress(OSError):
            while data := await reader.read(65_536):
                buffer.extend(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, server_writer), copy(server_reader, writer))

    listener = await asyncio.start_server(relay, "127.0.0.1", 0)
    tap.url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield tap
    finally:
        listener.close()
