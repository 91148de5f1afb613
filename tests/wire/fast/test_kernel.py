"""Writes past the transport: the same bytes as through asyncio, in the same order."""

import asyncio
import select
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from labkit.platform.sockets import NO_FD
from labkit.rules.limits import Limits
from labkit.rules.outbox import Offer
from labkit.wire.fast.kernel import direct_fd, write_at_once
from labkit.wire.send_queue import SendQueue
from tests.wire.raw import TOKEN, Raw, serving, until


class Told(asyncio.Protocol):
    """What a transport tells its protocol."""

    send_queue: SendQueue

    def __init__(self) -> None:
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def pause_writing(self) -> None:
        self.send_queue.pause()

    def resume_writing(self) -> None:
        self.send_queue.resume()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(error)


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[asyncio.Transport, Told, socket.socket]]:
    """A transport over TCP with a small kernel buffer, its protocol, and the other end."""
    listener = socket.create_server(("127.0.0.1", 0))
    other = socket.create_connection(listener.getsockname())
    ours, _ = listener.accept()
    listener.close()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    transport, told = await asyncio.get_running_loop().connect_accepted_socket(Told, ours)
    try:
        yield transport, told, other
    finally:
        transport.abort()
        other.close()


class Member:
    """As much of a connection as is written to past its transport."""

    def __init__(self, transport: asyncio.Transport, told: Told) -> None:
        self.send_queue = told.send_queue = SendQueue(Limits())
        self.send_queue.start(transport, direct_fd(transport))
        self.due = self.send_queue.due
        self.sent = self.through_transport = 0

    def arm(self) -> None: ...

    def write_due(self) -> None:
        self.through_transport += 1
        self.send_queue.write_due()


def tell(member: Member, *frames: bytes) -> None:
    """What a member is told in one tick, and its end."""
    member.due.extend(frames)
    double: Any = member
    write_at_once([double])


async def test_what_the_kernel_does_not_take_is_sent_behind_it() -> None:
    """Past the transport until the kernel is full, through it from then on, and past it again: all bytes, in order."""
    async with pair() as (transport, told, other):
        member, loop = Member(transport, told), asyncio.get_running_loop()
        other.setblocking(False)
        for _ in range(2):
            assert member.send_queue.fd == direct_fd(transport)
            sent = heard = b""
            member.through_transport = 0
            while not member.through_transport:
                frames = [bytes([len(sent) // 30_000 % 256]) * 15_000] * 2
                tell(member, *frames)
                sent += b"".join(frames)
            assert 0 < transport.get_write_buffer_size() <= 30_000 and member.send_queue.outbox.queued_bytes
            assert member.send_queue.fd == NO_FD
            while len(heard) < len(sent):
                heard += await loop.sock_recv(other, 65_536)
            assert heard == sent
        assert member.send_queue.peak_bytes >= 30_000 and member.sent > 2


def fill(sock: socket.socket) -> int:
    """Write past everybody until the kernel takes not one byte more; how many it took."""
    taken = 0
    try:
        while True:
            taken += sock.send(b"-" * (1 if taken else 1_000_000))
    except BlockingIOError:
        return taken


async def test_a_single_byte_that_the_kernel_left_is_not_overtaken() -> None:
    """All of a frame but its last byte went out: what is told next must wait for that byte, however small it is."""
    async with pair() as (transport, told, other):
        member = Member(transport, told)
        fd, heard, sent, filled = member.send_queue.fd, b"", b"", 0
        with socket.socket(fileno=socket.dup(fd)) as past:
            while transport.get_write_buffer_size() != 1:
                filled += fill(past)
                tell(member, b"x")
                sent += b"x"
        assert member.send_queue.fd == NO_FD and member.send_queue.is_paused
        while not select.select([], [fd], [], 0)[1]:  # the loop is busy while the peer reads
            heard += other.recv(65_536)
        tell(member, b"yz")
        other.setblocking(False)
        sent += b"yz"
        while len(heard) < filled + len(sent):
            heard += await asyncio.get_running_loop().sock_recv(other, 65_536)
        assert heard.replace(b"-", b"") == sent


async def test_write_to_a_gone_peer_ends_as_with_asyncio() -> None:
    """No exception where an event is told to a room: the transport is asked, and loses the connection."""
    async with pair() as (transport, told, other):
        member = Member(transport, told)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other.close()
        for _ in range(2):
            tell(member, b"x")
        assert isinstance(await asyncio.wait_for(told.lost, 10), ConnectionError)


async def test_a_connection_that_ends_has_no_way_any_more() -> None:
    """The kernel gives its file descriptor to the next connection: a late word would be told to a stranger."""
    async with serving(limits={"fast_path": True}) as server:
        bob = await Raw.enter(server.url, TOKEN, "a")
        connection = server.hub.state.connections[bob.ok["connectionId"]]
        assert connection.send_queue.fd != NO_FD
        bob.writer.close()
        await until(lambda: not server.hub.state.connections)
        connection.send_queue.resume()
        assert connection.send_queue.fd == NO_FD


class Taking:
    """A transport that takes everything."""

    def set_write_buffer_limits(self, **_: int) -> None: ...

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None: ...


def test_of_a_slow_member_nothing_goes_past_what_it_missed() -> None:
    """Overflow closes the way: a frame behind the one that did not fit would hide a hole."""
    transport: Any = Taking()
    send_queue = SendQueue(Limits(max_message_bytes=100, max_frame_bytes=1_000, outbox_bytes=1_000))
    send_queue.start(transport, fd=7)
    send_queue.pause()
    send_queue.due.extend([b"x" * 600] * 2)
    assert send_queue.write_due() is Offer.OVERFLOW
    send_queue.resume()
    assert send_queue.fd == NO_FD


@pytest.mark.parametrize(
    ("known", "has_way"), [({}, True), ({"sslcontext": object()}, False), ({"socket": None}, False)]
)
def test_there_is_a_way_past_plain_tcp_only(known: dict[str, Any], has_way: bool) -> None:
    """Behind TLS, bytes that pass it would be read as broken records."""
    with socket.socket() as sock:

        class Transport:
            def get_extra_info(self, name: str) -> Any:
                return ({"socket": sock} | known).get(name)

        transport: Any = Transport()
        assert direct_fd(transport) == (sock.fileno() if has_way else NO_FD)
