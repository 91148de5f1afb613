"""heartbeat/5: the first pings of many connections."""

import asyncio
from itertools import combinations
from time import monotonic

from labkit.review.finding import Seen, broken, held
from labkit.review.mute import ping_interval_s
from labkit.review.probe import Probe
from labkit.review.scene import Scene

MANY = 12
LEAST_OVERTAKINGS = 5  # of 66 pairs; by chance half of them overtake, in a queue none does, however late it is


async def _run(scene: Scene) -> Seen:
    peers = await asyncio.gather(*(scene.enter() for _ in range(MANY)))
    interval_s = ping_interval_s(scene, peers[0])
    began = monotonic()
    for peer in peers:
        await peer.until(lambda peer=peer: peer.pings or peer.ended, began + 1.5 * interval_s + 2 - monotonic())
    times = [peer.pings[0][0] for peer in sorted(peers, key=lambda peer: peer.ok_at) if peer.pings]
    if len(times) < MANY:
        return broken(f"only {len(times)} of {MANY} were pinged")
    overtakings = sum(earlier > later for earlier, later in combinations(times, 2))
    spread = (max(times) - min(times)) / interval_s
    told = f"{MANY} first pings within {spread:.0%} of an interval, {overtakings} pairs in another order than they came"
    return (held if spread > 1 / 8 and overtakings >= LEAST_OVERTAKINGS else broken)(told)


PROBE = Probe(
    id="heartbeat/5",
    title="First pings are spread",
    severity="P2",
    profile="full",
    requirement="The first ping comes at a random point of the second half of the interval.",
    expected="connections made at once are pinged at different times",
    fix="Draw the time of each connection's first ping at random.",
    missing_test="Open twelve connections at once and expect first pings at different times, in no order.",
    run=_run,
)
