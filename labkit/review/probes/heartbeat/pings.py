"""heartbeat/1: protocol pings from the server."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.unresponsive import ping_interval_s


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    interval_s = ping_interval_s(scene, peer)
    if await peer.until(lambda: peer.pings or peer.ended, 1.5 * interval_s + 2) and peer.pings:
        return held("a ping arrived")
    return broken(f"no ping within {1.5 * interval_s + 2:g} s; {peer.ended or 'still connected'}")


PROBE = Probe(
    id="heartbeat/1",
    title="The server pings",
    severity="P1",
    profile="core",
    requirement="Every authenticated connection gets one ping per interval.",
    expected="a protocol ping within 1.5 intervals",
    fix="Send a ping frame to each connection once per interval.",
    missing_test="Connect, wait one interval, and expect a ping frame.",
    run=_run,
)
