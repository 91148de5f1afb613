"""A member that stops reading, and a room that goes on talking: what the probes about slow consumers share."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from labkit.review import frames
from labkit.review.finding import CannotTell
from labkit.review.peer import Ended, Peer, Silent
from labkit.review.process import unread
from labkit.review.scene import Scene
from labkit.review.transcript import literal

WORDS = "x" * 1000
BUFFERS = 4  # what the kernels of both sides may swallow before a server can know, in send buffers
READER_BYTES = 64 * 1024
AT_ONCE = 20  # more might make the speaker itself a slow one
MOST_SPEAKERS = 200
GRACE_S = 3.0
STILL_S = 1.0  # in which a server that reads on has read something
BATCH_BYTES, BATCH_S = 8192, 0.002


@dataclass(slots=True)
class Flood:
    """What became of it: `let_go` says whether the stalled member's connection was ended by the server."""

    stalled: Peer
    healthy: Peer
    sent: int
    heard: int
    let_go: bool
    seconds: float  # from the last word to the end of the stalled member's connection

    @property
    def told(self) -> str:
        """In words."""
        if self.let_go:
            return f"after {self.sent} chats of 1000 characters the stalled member was let go"
        return f"{self.sent} chats of 1000 characters and {self.seconds:.0f} s later the stalled member is still there"


async def stall_and_flood(scene: Scene) -> Flood:
    """Let one member stop reading while a room talks, until the server lets it go or had every reason to."""
    room, promised = scene.room(), scene.promised
    healthy = await scene.enter(room)
    stalled = await scene.enter(room, receive_buffer=4096)
    enough = int((promised.outbox_bytes + BUFFERS * promised.send_buffer_bytes + READER_BYTES) / len(WORDS))
    allowed_s = promised.outbox_age_s + promised.close_deadline_s + GRACE_S
    begun = len(scene.transcript.codes)
    speaker = await scene.enter(room)
    entry = "; ".join(scene.transcript.codes[begun:]).replace(".hear()", ".hear(turn > 0)")
    stalled.stall()  # when all are there: the server may be busy, and a heartbeat does not wait
    with scene.transcript.mute():
        sent, heard = await _talk(scene, room, healthy, stalled, speaker, enough)
    if not sent:
        raise CannotTell("nobody was heard, so nobody could fall behind")
    chat = scene.words(type="chat", roomId=room, text=WORDS)
    stalled.note(
        f"reads nothing, and {sent} chats of 1000 characters are said",
        f"for turn in range({max(1, sent // AT_ONCE)}):",
        f"    {entry}",
        f"    for _ in range({AT_ONCE}): {speaker.name}.say({literal(chat)})",
        f"    for _ in range({AT_ONCE}): {speaker.name}.hear(True), {healthy.name}.hear(True)",
        f"time.sleep({allowed_s:g})",
        f"{stalled.name}.is_there()",
    )
    began = monotonic()
    while not lost(stalled) and monotonic() - began < allowed_s:
        await asyncio.sleep(0.05)
    return Flood(stalled, healthy, sent, heard, lost(stalled), monotonic() - began)


def lost(peer: Peer) -> bool:
    """Whether a peer that does not read has lost its connection: only writing tells."""
    if not peer.is_lost and not peer.transport.is_closing():
        peer.transport.write(frames.frame(frames.PONG, b""))
    return peer.is_lost or peer.transport.is_closing()


async def _talk(scene: Scene, room: str, healthy: Peer, stalled: Peer, speaker: Peer, enough: int) -> tuple[int, int]:
    """Say as many as are enough, one speaker after the other; how many became events, how many were heard."""
    sent = heard = 0
    for _ in range(MOST_SPEAKERS):
        is_heard = True
        while is_heard and sent < enough and not lost(stalled):
            said, is_heard = await _burst(scene, speaker, room)
            sent += said
            for _ in range(said):
                heard += (await healthy.hear("chat")).get("text") == WORDS
        speaker.drop()
        if sent >= enough or lost(stalled):
            break
        speaker = await scene.enter(room)
    return sent, heard


async def _burst(scene: Scene, speaker: Peer, room: str) -> tuple[int, bool]:
    """Say some; how many chats became events, and whether the server will hear this speaker any longer."""
    for _ in range(AT_ONCE):
        speaker.chat(room, WORDS)
    kinds: list[str] = []
    while len(kinds) < AT_ONCE:  # each is answered: with its event, or with an error when it is over the rate
        try:
            kinds.append(str((await speaker.hear()).get("type")))
        except (Ended, Silent):
            return kinds.count("chat"), False
    return kinds.count("chat"), "error" not in kinds


async def flood_without_reading(peer: Peer, data: bytes, most_bytes: int, deadline_s: float) -> str | None:
    """Send this again and again and never read the answers; how the server defends itself, None when it does not.

    `deadline_s`: by when it must have done so after the last byte.
    """
    peer.stall()
    times = most_bytes // len(data)
    peer.note(
        f"reads nothing, and sends {times} times {len(data)} bytes {data[6:46]!r}",
        f"for _ in range({times}): {peer.name}.raw({literal(data)})",
        f"{peer.name}.is_there()",
    )
    batch = data * max(1, BATCH_BYTES // len(data))
    sent, patience_s = 0, 2.0
    while sent < most_bytes:
        if peer.is_lost or peer.transport.is_closing():
            return f"the connection was ended after {sent // 1024} KiB"
        peer.transport.write(batch)
        sent += len(batch)
        ends = monotonic() + patience_s
        while peer.transport.get_write_buffer_size() and not peer.transport.is_closing():
            if monotonic() > ends:
                return f"the server stopped reading after {sent // 1024} KiB"
            await asyncio.sleep(BATCH_S)
        await asyncio.sleep(BATCH_S)
    ends = monotonic() + deadline_s
    while not lost(peer) and monotonic() < ends:
        await asyncio.sleep(0.05)
    if lost(peer):
        return f"the connection was ended after {sent // 1024} KiB"
    sock = peer.transport.get_extra_info("socket")
    left = unread(sock)  # a kernel may take all of it for a server that reads no more
    await asyncio.sleep(STILL_S)
    if left and left == unread(sock):
        return f"the server stopped reading after {max(0, sent - left) // 1024} KiB"
    return None
