"""protocol/11: a packet for each byte."""

import asyncio
import json

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.dial()
    for byte in scene.upgrade().encode():
        peer.transport.write(bytes([byte]))
        await asyncio.sleep(0)
    await peer.until(lambda: b"\r\n\r\n" in peer.head or peer.is_lost, scene.target.patience_s)
    if b" 101 " not in peer.head[:20]:
        return broken(f"the handshake was answered with {peer.head[:30]!r}")
    for byte in frames.frame(frames.TEXT, json.dumps({"type": "auth", "token": await scene.token()}).encode()):
        peer.transport.write(bytes([byte]))
        await asyncio.sleep(0)
    return held(f"answered with {(await peer.hear('auth_ok'))['type']}")


PROBE = Probe(
    id="protocol/11",
    title="Packets may end anywhere",
    severity="P1",
    profile="core",
    requirement="TCP is a stream: a server takes handshakes and frames however they are cut.",
    expected="the handshake and the auth are understood",
    fix="Collect bytes until a frame is whole.",
    missing_test="Send a handshake and a message byte by byte.",
    run=_run,
)
