"""Flood a room while one member does not read. The slow-consumer probes share this code."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from labkit.evidence import CannotTell, NotSeen
from labkit.platform.sockets import kernel_bytes, unread
from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.peer import Peer
from labkit.review.scene import Scene
from labkit.review.transcript import Did, literal

MOST_CHARS = 1000  # of a chat
BUFFERS = 4  # send buffers that the kernels of both sides may fill before the server notices
READER_BYTES = 64 * 1024
AT_ONCE = 20  # more could make the sender itself a slow consumer
MAX_SENDERS = 200
GRACE_S = 3.0
SETTLE_S = 1.0  # a server that still reads has read something within this time
TURNS = 3
BATCH_BYTES, BATCH_S = 8192, 0.002
STUCK_S = 2.0
Served = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Flood:
    """The result of a flood. `is_closed`: whether the server ended the stalled member's connection."""

    stalled: Peer
    healthy: Peer
    sent: int
    received: int  # by the healthy member
    is_closed: bool
    seconds: float  # from the last chat to the end of the stalled connection
    chars: int  # of each chat

    @property
    def summary(self) -> str:
        """The result of the flood, in one sentence."""
        if self.is_closed:
            return f"after {self.sent} chats of {self.chars} characters the server closed the stalled member"
        chats = f"{self.sent} chats of {self.chars} characters"
        return f"{chats} and {self.seconds:.0f} s later the stalled member is still connected"


async def stall_and_flood(scene: Scene, *, waits: bool = True) -> Flood:
    """Let one member stop reading while others chat, until the server closes it or its deadline has passed.

    `waits`: after the flood, until the deadline; without it, the flood alone is the evidence.
    """
    room, promised = scene.room(), scene.promised
    healthy = await scene.enter(room)
    stalled = await scene.enter(room, receive_buffer=4096)
    enough = int((promised.outbox_bytes + BUFFERS * promised.send_buffer_bytes + READER_BYTES) / len(_text(scene)))
    allowed_s = promised.outbox_age_s + promised.close_deadline_s + GRACE_S
    begun = len(scene.transcript.codes)
    sender = await scene.enter(room)
    entry = "; ".join(scene.transcript.codes[begun:]).replace(".receive()", ".receive(turn > 0)")
    stalled.stop_reading()  # only now: the heartbeat must not close it while others join
    with scene.transcript.paused():
        sent, received = await _flood(scene, room, healthy, stalled, sender, enough)
    if not sent:
        raise CannotTell("no chat was delivered, so no member could fall behind")
    chat = scene.encode(type="chat", roomId=room, text=_text(scene))
    stalled.note(
        f"reads nothing while {sent} chats of {len(_text(scene))} characters are sent",
        f"for turn in range({max(1, sent // AT_ONCE)}):",
        f"    {entry}",
        f"    for _ in range({AT_ONCE}): {sender.name}.send({literal(chat)})",
        f"    for _ in range({AT_ONCE}): {sender.name}.receive(True), {healthy.name}.receive(True)",
        f"time.sleep({allowed_s:g})",
        f"{stalled.name}.is_connected()",
        did=Did(stalled.name, "flood", (sender.name, chat, sent, allowed_s)),
    )
    stalled.mark_last()
    began = monotonic()
    while waits and not lost(stalled) and monotonic() - began < allowed_s:
        await asyncio.sleep(0.05)
    return Flood(stalled, healthy, sent, received, lost(stalled), monotonic() - began, len(_text(scene)))


def _text(scene: Scene) -> str:
    return "x" * int(min(MOST_CHARS, scene.promised.text_chars))


def lost(peer: Peer) -> bool:
    """Return whether a peer that does not read has lost its connection, which only a write can reveal."""
    if not peer.is_lost and not peer.transport.is_closing():
        peer.transport.write(frames.frame(frames.PONG, b""))
    return peer.is_lost or peer.transport.is_closing()


async def _flood(scene: Scene, room: str, healthy: Peer, stalled: Peer, sender: Peer, enough: int) -> tuple[int, int]:
    """Send `enough` chats, with a new sender whenever one hits the rate limit.

    Return how many were sent and received.
    """
    sent = received = 0
    for _ in range(MAX_SENDERS):
        is_open = True
        while is_open and sent < enough and not lost(stalled):
            accepted, is_open = await _burst(scene, sender, room)
            sent += accepted
            for _ in range(accepted):
                received += (await healthy.receive("chat")).get("text") == _text(scene)
        sender.drop()
        if sent >= enough or lost(stalled):
            break
        sender = await scene.enter(room)
    return sent, received


async def _burst(scene: Scene, sender: Peer, room: str) -> tuple[int, bool]:
    """Send a burst of chats. Return how many became events, and whether this sender may continue."""
    for _ in range(AT_ONCE):
        sender.chat(room, _text(scene))
    kinds: list[str] = []
    while len(kinds) < AT_ONCE:  # each gets its event, or an error if it exceeds the rate limit
        try:
            kinds.append(str((await sender.receive()).get("type")))
        except (ConnectionEnded, ReceiveTimeout):
            return kinds.count("chat"), False
    return kinds.count("chat"), "error" not in kinds


async def flood_without_reading(
    peer: Peer, data: bytes, max_bytes: int, deadline_s: float, is_serving: Served
) -> str | None:
    """Send `data` repeatedly without reading; return how the server stops that, or None if it does not.

    `deadline_s`: how long the server may take after the last byte, in seconds. `is_serving`: returns when the server
    has answered another client, because one that is busy reads nothing either. Raises NotSeen if it answers nobody.
    """
    peer.stop_reading()
    times = max_bytes // len(data)
    peer.note(
        f"reads nothing and sends {len(data)} bytes {times} times: {data[6:46]!r}",
        f"for _ in range({times}): {peer.name}.send_bytes({literal(data)})",
        f"{peer.name}.is_connected()",
        did=Did(peer.name, "unread", (data, times)),
    )
    peer.mark_last()
    batch = data * max(1, BATCH_BYTES // len(data))
    sent = 0
    while sent < max_bytes:
        if peer.is_lost or peer.transport.is_closing():
            return f"the connection was ended after {sent // 1024} KiB"
        peer.transport.write(batch)
        sent += len(batch)
        if await _is_stuck(peer, is_serving):
            return f"the server stopped reading after {sent // 1024} KiB"
        await asyncio.sleep(BATCH_S)
    ends = monotonic() + deadline_s
    while not lost(peer) and monotonic() < ends:
        await asyncio.sleep(0.05)
    if lost(peer):
        return f"the connection was ended after {sent // 1024} KiB"
    is_read = await _is_read(peer, is_serving)  # the kernel may buffer all of it for a server that no longer reads
    left = _left(peer)
    if lost(peer):
        return f"the connection was ended after {sent // 1024} KiB"
    return None if is_read else f"the server stopped reading after {max(0, sent - left) // 1024} KiB"


async def _is_read(peer: Peer, is_serving: Served) -> bool:
    """Return whether the server reads something of what it has not read yet, while it serves another client."""
    left = _left(peer)
    for _ in range(TURNS):  # what is not yet acknowledged counts twice, so one change proves nothing
        await asyncio.sleep(SETTLE_S)
        await _must_serve(is_serving)
        before, left = left, _left(peer)
        if not left or left == before:
            return not left
    return True


def _left(peer: Peer) -> int:
    """Return how many bytes the server has not read yet, in its kernel or on our side; 0 if the connection ended."""
    sock, ours = peer.transport.get_extra_info("socket"), peer.transport.get_write_buffer_size()
    try:
        return unread(sock) + (kernel_bytes(sock) or 0) + ours
    except OSError:  # the server has reset the connection, which only the next write shows
        return 0


async def _is_stuck(peer: Peer, is_serving: Served) -> bool:
    """Return whether the server reads nothing from this client while it serves another one."""
    ends = monotonic() + STUCK_S
    while peer.transport.get_write_buffer_size() and not peer.transport.is_closing():
        if monotonic() > ends:
            if not await _is_read(peer, is_serving):
                return bool(peer.transport.get_write_buffer_size()) and not peer.transport.is_closing()
            ends = monotonic() + STUCK_S
        await asyncio.sleep(BATCH_S)
    return False


async def _must_serve(is_serving: Served) -> None:
    try:
        await is_serving()
    except (ConnectionEnded, ReceiveTimeout) as instead:
        raise NotSeen(f"the server may be busy, so whether it stopped reading was not seen: {instead}") from None
