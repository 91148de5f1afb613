"""storms/3: more handshakes than the accept rate."""

import asyncio

from labkit.review.answers import retry_s
from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    rate = scene.promised.handshakes_per_s
    if rate > 2000:
        raise CannotTell("handshakes_per_s is off")
    waiting = await asyncio.gather(*(scene.dial() for _ in range(int(1.5 * rate) + 20)))
    for peer in waiting:
        peer.transport.write(scene.upgrade().encode())  # all within one tick: no time for new tokens
    slots = []
    for peer in waiting:
        await peer.until(lambda peer=peer: b"\r\n\r\n" in peer.head or peer.is_lost, scene.target.patience_s)
    for peer in waiting:
        if peer.ended is not None:
            if peer.ended.code != scene.target.dialect.code(1013) or "retry=" not in peer.ended.reason:
                return broken(f"the excess was closed with {peer.ended}")
            slots.append(retry_s(peer.ended.reason))
    if not slots:
        return broken(f"{len(waiting)} handshakes at once, and none was put off")
    told = f"{len(slots)} put off, into {len(set(slots))} slots from {min(slots):g} s"
    return (held if min(slots) >= 1 and len(set(slots)) > len(slots) / 2 else broken)(told)


PROBE = Probe(
    id="storms/3",
    title="A storm is spread by the server",
    severity="P1",
    profile="full",
    requirement="Handshakes beyond the accept rate are closed with 1013 and a slot of their own, retry=MS.",
    expected="close 1013, reason busy retry=MS, different slots, none below a second",
    fix="Take a token for each handshake, and give each client without one the next free slot.",
    missing_test="Open more connections at once than the rate allows and expect 1013 with retry=.",
    run=_run,
    alone=True,
)
