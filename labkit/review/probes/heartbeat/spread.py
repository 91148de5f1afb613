"""heartbeat/5: the first pings of many connections."""

from time import monotonic

from labkit.review.finding import Seen, broken, held
from labkit.review.mute import ping_interval_s
from labkit.review.probe import Probe
from labkit.review.scene import Scene

MANY = 12


async def _run(scene: Scene) -> Seen:
    peers = [await scene.enter() for _ in range(MANY)]
    interval_s = ping_interval_s(scene, peers[0])
    began = monotonic()
    for peer in peers:
        await peer.until(lambda peer=peer: peer.pings or peer.ended, began + 1.5 * interval_s + 2 - monotonic())
    times = [peer.pings[0][0] - peer.ok_at for peer in peers if peer.pings]
    if len(times) < MANY:
        return broken(f"only {len(times)} of {MANY} were pinged")
    told = f"{MANY} first pings after auth_ok, within {(max(times) - min(times)) / interval_s:.0%} of an interval"
    return (held if max(times) - min(times) > interval_s / 8 else broken)(told)


PROBE = Probe(
    id="heartbeat/5",
    title="First pings are spread",
    severity="P2",
    profile="full",
    requirement="The first ping comes at a random point of the second half of the interval.",
    expected="connections made at once are pinged at different times",
    fix="Draw the time of each connection's first ping at random.",
    missing_test="Open twelve connections at once and expect first pings at different times.",
    run=_run,
)
