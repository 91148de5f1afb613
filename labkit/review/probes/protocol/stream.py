"""Messages that are split or joined in the TCP stream."""

import asyncio
from itertools import pairwise

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import END_OF_HEAD, ConnectionEnded
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, rfc
from labkit.review.scene import Scene


async def _fragments(scene: Scene) -> Outcome:
    peer = await scene.enter()
    body = scene.encode(type="ping").encode()
    peer.send_frame(frames.TEXT, body[:5], fin=False)
    peer.send_frame(frames.PING, b"between")
    peer.send_frame(frames.CONTINUATION, b"", fin=False)
    peer.send_frame(frames.CONTINUATION, body[5:])
    message = await peer.receive()
    is_right = message.get("type") == "pong" and peer.pongs == [b"between"]
    return (held if is_right else broken)(f"the response was {message.get('type')}, with {len(peer.pongs)} pong frames")


FRAGMENTS = Probe(
    id="protocol/10",
    title="A message may be fragmented",
    severity="P1",
    profile="core",
    promise=rfc("5.4"),
    requirement="RFC 6455 5.4: a message may be fragmented, with control frames in between.",
    expected="a pong frame, then pong",
    fix="Let the WebSocket library reassemble fragments.",
    missing_test="Send a message in three fragments with a ping in between; expect its response.",
    run=_fragments,
)


TRIES = 4


async def _byte_by_byte(scene: Scene) -> Outcome:
    """Send the handshake and a message in small pieces; use larger ones if we are too slow for the auth timeout."""
    for step in [24 * 2**number for number in range(TRIES)]:
        idle, peer = await scene.connect(), await scene.dial()
        try:
            await _send(peer, scene.upgrade_request().encode(), step)
            await peer.until(lambda peer=peer: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s)
            message, answer = await scene.first_message()
            peer.remember(message.encode())
            await _send(peer, frames.frame(frames.TEXT, message.encode()), step)
        except ConnectionEnded as ended:
            if not await idle.until_ended(0):
                return broken(f"{ended} before everything was sent")
            continue
        if b" 101 " not in peer.head[:20]:
            return broken(f"the handshake was answered with {peer.head[:30]!r}")
        return held(f"the response was {(await peer.receive(answer))['type']}")
    raise CannotTell(f"the server ended the connection {TRIES} times before everything was sent")


async def _send(peer: Peer, data: bytes, step: int) -> None:
    """Send the first and last bytes one at a time and the rest in pieces of `step` bytes. Raises ConnectionEnded."""
    cuts = [*range(8), *range(8, len(data) - 5, step), *range(len(data) - 5, len(data)), len(data)]
    for start, end in pairwise(cuts):
        if peer.ended is not None:
            raise peer.ended
        peer.transport.write(data[start:end])
        await asyncio.sleep(0)


BYTE_BY_BYTE = Probe(
    id="protocol/11",
    title="Packet boundaries do not matter",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="TCP is a stream: a server accepts handshakes and frames however they are split.",
    expected="the server accepts the handshake and the auth",
    fix="Buffer bytes until a frame is complete.",
    missing_test="Send a handshake and a message in pieces, some of them a single byte.",
    run=_byte_by_byte,
)


async def _one_packet(scene: Scene) -> Outcome:
    peer = await scene.dial()
    message, answer = await scene.first_message()
    peer.remember(message.encode())
    status = await scene.handshake(peer, then=frames.frame(frames.TEXT, message.encode()))
    if status != 101:
        return broken(f"HTTP {status}")
    return held(f"the response was {(await peer.receive(answer))['type']}")


ONE_PACKET = Probe(
    id="protocol/12",
    title="A message right after the handshake is not lost",
    severity="P2",
    profile="core",
    promise=DANGER,
    requirement="TCP is a stream: a frame may arrive in the same packet as the request.",
    expected="auth_ok",
    fix="Pass the bytes after the request head to the frame parser.",
    missing_test="Send the handshake and auth in one write and expect auth_ok.",
    run=_one_packet,
)
