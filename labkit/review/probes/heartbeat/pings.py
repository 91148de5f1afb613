"""heartbeat/1: does the server ping?"""

from labkit.review.finding import Seen, broken, held
from labkit.review.mute import ping_interval_s
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    interval_s = ping_interval_s(scene, peer)
    if await peer.until(lambda: peer.pings or peer.ended, 1.5 * interval_s + 2) and peer.pings:
        return held("a ping came")
    return broken(f"no ping within {1.5 * interval_s + 2:g} s; {peer.ended or 'still connected'}")


PROBE = Probe(
    id="heartbeat/1",
    title="The server pings",
    severity="P1",
    profile="core",
    requirement="A ping goes to every authenticated connection once an interval.",
    expected="a protocol ping within an interval and a half",
    fix="Send a ping frame to each connection in each interval.",
    missing_test="Connect, wait an interval, and expect a ping frame.",
    run=_run,
)
