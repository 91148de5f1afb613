"""Protocol pings from the server."""

import asyncio
from itertools import combinations
from time import monotonic

from labkit.evidence import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, KIT
from labkit.review.scene import Scene
from labkit.review.unresponsive import ping_interval_s


async def _pings(scene: Scene) -> Outcome:
    peer = await scene.enter()
    interval_s = ping_interval_s(scene, peer)
    if await peer.until(lambda: peer.pings or peer.ended, 1.5 * interval_s + 2) and peer.pings:
        return held("a ping arrived")
    return broken(f"no ping within {1.5 * interval_s + 2:g} s; {peer.ended or 'still connected'}")


PINGS = Probe(
    id="heartbeat/1",
    title="The server pings",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    cause="there is no working heartbeat",
    requirement="Every authenticated connection gets one ping per interval.",
    expected="a protocol ping within 1.5 intervals",
    fix="Send a ping frame to each connection once per interval.",
    missing_test="Connect, wait one interval, and expect a ping frame.",
    run=_pings,
)


CONNECTIONS = 12
MIN_OVERTAKES = 5  # of 66 pairs: at random about half overtake; with a fixed order none do, however late the pings are


async def _spread(scene: Scene) -> Outcome:
    peers = await asyncio.gather(*(scene.enter() for _ in range(CONNECTIONS)))
    interval_s = ping_interval_s(scene, peers[0])
    began = monotonic()
    for peer in peers:
        await peer.until(lambda peer=peer: peer.pings or peer.ended, began + 1.5 * interval_s + 2 - monotonic())
    times = [peer.pings[0][0] for peer in sorted(peers, key=lambda peer: peer.ok_at) if peer.pings]
    if len(times) < CONNECTIONS:
        return broken(f"only {len(times)} of {CONNECTIONS} connections were pinged")
    overtakes = sum(earlier > later for earlier, later in combinations(times, 2))
    spread = (max(times) - min(times)) / interval_s
    summary = f"{CONNECTIONS} first pings within {spread:.0%} of an interval, {overtakes} pairs out of order"
    return (held if spread > 1 / 8 and overtakes >= MIN_OVERTAKES else broken)(summary)


SPREAD = Probe(
    id="heartbeat/5",
    title="First pings are spread over time",
    severity="P2",
    profile="full",
    promise=KIT,
    requirement="The first ping comes at a random time in the second half of the interval.",
    expected="connections opened together are pinged at different times",
    fix="Choose a random time for each connection's first ping.",
    missing_test="Open twelve connections at once; expect their first pings at different times, in random order.",
    run=_spread,
)
