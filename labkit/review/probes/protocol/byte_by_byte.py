"""protocol/11: packets that end anywhere."""

import asyncio
import json
from itertools import pairwise

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.dial()
    await _say(peer, scene.upgrade().encode())
    await peer.until(lambda: b"\r\n\r\n" in peer.head or peer.is_lost, scene.target.patience_s)
    if b" 101 " not in peer.head[:20]:
        return broken(f"the handshake was answered with {peer.head[:30]!r}")
    await _say(peer, frames.frame(frames.TEXT, json.dumps({"type": "auth", "token": await scene.token()}).encode()))
    return held(f"answered with {(await peer.hear('auth_ok'))['type']}")


async def _say(peer: Peer, data: bytes) -> None:
    """Bytes one by one where heads begin and end, in pieces between: a turn for each byte outlasts an auth timeout."""
    cuts = [*range(8), *range(8, len(data) - 5, 24), *range(len(data) - 5, len(data)), len(data)]
    for start, end in pairwise(cuts):
        peer.transport.write(data[start:end])
        await asyncio.sleep(0)


PROBE = Probe(
    id="protocol/11",
    title="Packets may end anywhere",
    severity="P1",
    profile="core",
    requirement="TCP is a stream: a server takes handshakes and frames however they are cut.",
    expected="the handshake and the auth are understood",
    fix="Collect bytes until a frame is whole.",
    missing_test="Send a handshake and a message in pieces of one byte and more.",
    run=_run,
)
