"""protocol/11: packets that end anywhere."""

import asyncio
from itertools import pairwise

from labkit.review import frames
from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import END_OF_HEAD, Ended, Peer
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TRIES = 4


async def _run(scene: Scene) -> Seen:
    """Where a silent connection ends as well, the server has seen us late, not wrong: again, in fewer pieces."""
    for step in [24 * 2**number for number in range(TRIES)]:
        silent, peer = await scene.connect(), await scene.dial()
        try:
            await _say(peer, scene.upgrade().encode(), step)
            await peer.until(lambda peer=peer: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s)
            words, answer = await scene.first_words()
            await _say(peer, frames.frame(frames.TEXT, words.encode()), step)
        except Ended as ended:
            if not await silent.until_ended(0):
                return broken(f"{ended}, before all was said")
            continue
        if b" 101 " not in peer.head[:20]:
            return broken(f"the handshake was answered with {peer.head[:30]!r}")
        return held(f"answered with {(await peer.hear(answer))['type']}")
    raise CannotTell(f"{TRIES} times the server ended the connection before all was said")


async def _say(peer: Peer, data: bytes, step: int) -> None:
    """Bytes one by one where heads begin and end, in pieces between. Raises Ended when there is nobody to say it to."""
    cuts = [*range(8), *range(8, len(data) - 5, step), *range(len(data) - 5, len(data)), len(data)]
    for start, end in pairwise(cuts):
        if peer.ended is not None:
            raise peer.ended
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
