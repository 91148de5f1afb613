"""storms/3: more handshakes than the server accepts per second."""

import asyncio

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.responses import retry_s
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    rate = scene.promised.handshakes_per_s
    if rate > 2000:
        raise CannotTell("handshakes_per_s is off")
    waiting = await asyncio.gather(*(scene.dial() for _ in range(int(1.5 * rate) + 20)))
    for peer in waiting:
        peer.transport.write(
            scene.upgrade_request().encode()
        )  # within one loop iteration, so the server gains no new tokens
    retries_s = []
    for peer in waiting:
        await peer.until(lambda peer=peer: b"\r\n\r\n" in peer.head or peer.is_lost, scene.target.patience_s)
    for peer in waiting:
        if peer.ended is not None:
            if peer.ended.code != scene.target.dialect.code(1013) or "retry=" not in peer.ended.reason:
                return broken(f"a handshake beyond the rate: {peer.ended}")
            retries_s.append(retry_s(peer.ended.reason))
    if not retries_s:
        return broken(f"{len(waiting)} handshakes at once were all accepted")
    summary = f"{len(retries_s)} handshakes got {len(set(retries_s))} different retry times from {min(retries_s):g} s"
    return (held if min(retries_s) >= 1 and len(set(retries_s)) > len(retries_s) / 2 else broken)(summary)


PROBE = Probe(
    id="storms/3",
    title="The server spreads a reconnect storm",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Handshakes beyond the accept rate are closed with 1013 and a retry time of their own, retry=MS.",
    expected="close 1013, reason busy retry=MS, with different retry times of at least a second",
    fix="Take one token per handshake; when none is left, give the client the next free retry time.",
    missing_test="Open more connections at once than the rate allows; expect 1013 with retry=.",
    run=_run,
    alone=True,
)
