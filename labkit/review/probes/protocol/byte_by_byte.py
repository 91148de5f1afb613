"""protocol/11: data split at arbitrary packet boundaries."""

import asyncio
from itertools import pairwise

from labkit.review import frames
from labkit.review.endpoint import END_OF_HEAD, ConnectionEnded
from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TRIES = 4


async def _run(scene: Scene) -> Outcome:
    """Retry in fewer pieces if an idle connection ended as well: then we were too slow for the auth timeout."""
    for step in [24 * 2**number for number in range(TRIES)]:
        idle, peer = await scene.connect(), await scene.dial()
        try:
            await _send(peer, scene.upgrade_request().encode(), step)
            await peer.until(lambda peer=peer: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s)
            message, answer = await scene.first_message()
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
    """Send the first and last bytes one at a time, the rest in pieces of `step` bytes. Raises ConnectionEnded."""
    cuts = [*range(8), *range(8, len(data) - 5, step), *range(len(data) - 5, len(data)), len(data)]
    for start, end in pairwise(cuts):
        if peer.ended is not None:
            raise peer.ended
        peer.transport.write(data[start:end])
        await asyncio.sleep(0)


PROBE = Probe(
    id="protocol/11",
    title="Packet boundaries do not matter",
    severity="P1",
    profile="core",
    requirement="TCP is a stream: a server accepts handshakes and frames however they are split.",
    expected="the server accepts the handshake and the auth",
    fix="Buffer bytes until a frame is complete.",
    missing_test="Send a handshake and a message in pieces of one byte and more.",
    run=_run,
)
