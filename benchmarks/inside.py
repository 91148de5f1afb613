"""Measure the cost of a chat inside the server, without the kernel: W2's rooms, on transports that accept everything.

`python -m benchmarks.inside` prints the CPU time of a chat to a room of 20, on the event loop's thread and on all
threads, with and without the audit log. Any further cost of W2 is the kernel's: a read and a write for each chat.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.servers import TOKEN
from labkit.commands.running import prepare_process
from labkit.rules.limits import Limits
from labkit.wire.connection import Connection
from labkit.wire.server import Server

ROOMS, IN_EACH, ROUNDS = 50, 20, 20
LIMITS = ["messages_per_s=off", "handshakes_per_s=off", "connections=off", "connections_per_address=off"]
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of 20,000 chats, with and without the audit log.")
def main(rounds: int) -> None:
    """Print the CPU time per chat, in microseconds."""
    prepare_process()  # as `labkit serve` does
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for audit in (None, Path(folder) / f"{number}.db"):
                on_loop, in_all = asyncio.run(_measured(audit))
                told = "with" if audit else "without"
                click.echo(f"{told:7} audit: {on_loop:5.1f} us on the loop's thread, {in_all:5.1f} us on all threads")


async def _measured(audit: Path | None) -> tuple[float, float]:
    async with Server("127.0.0.1", 0, token=TOKEN, limits=Limits().set_lines(LIMITS), audit=audit) as server:
        members = [await _member(server, number // IN_EACH) for number in range(ROOMS * IN_EACH)]
        await _all_told(server)
        loop_began, began = time.thread_time(), time.process_time()
        for _ in range(ROUNDS):
            for connection, chat in members:
                connection.data_received(chat)
            await _all_told(server)
        chats = ROUNDS * len(members)
        return 1e6 * (time.thread_time() - loop_began) / chats, 1e6 * (time.process_time() - began) / chats


async def _member(server: Server, room: int) -> tuple[Connection, bytes]:
    """Return a new member of a room, and the chat frame that it sends."""
    connection = Connection(server.hub)
    connection.connection_made(Taking())
    connection.data_received(REQUEST)
    connection.data_received(_frame(f'{{"type":"auth","token":"{TOKEN}"}}'))
    await server.hub.state.queue.empty()
    connection.data_received(_frame(f'{{"type":"join","roomId":"room-{room}"}}'))
    return connection, _frame(f'{{"type":"chat","roomId":"room-{room}","text":"{"x" * 64}"}}')


async def _all_told(server: Server) -> None:
    await server.hub.state.queue.empty()
    for _ in range(3):  # effects become visible at the end of a tick
        await asyncio.sleep(0)


def _frame(text: str) -> bytes:
    """Return a masked text frame with a one-byte or two-byte length."""
    data, key = text.encode(), os.urandom(4)
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else b"\x81\xfe" + len(data).to_bytes(2, "big")
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


class Taking(asyncio.Transport):
    """A transport that accepts and discards everything."""

    def write(self, data: Any) -> None:
        """Discard the data."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing, because there is no buffer."""

    def get_write_buffer_size(self) -> int:
        """Return 0, because nothing is ever buffered."""
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return an address for `peername`, but no socket."""
        return {"peername": ("127.0.0.1", 1)}.get(name, default)

    def is_closing(self) -> bool:
        """Return False, because the transport never closes."""
        return False

    def abort(self) -> None:
        """Do nothing. The transport ends with the process."""


if __name__ == "__main__":
    sys.exit(main())
