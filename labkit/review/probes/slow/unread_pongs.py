"""slow/4: protocol pings whose pongs are never read."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.flood import flood_without_reading
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter(receive_buffer=4096)
    data = frames.frame(frames.PING, b"x" * 125)
    defence = await flood_without_reading(peer, data, 12 * 2**20, scene.promised.close_deadline_s + 3)
    return held(defence) if defence else broken("12 MiB of pings were taken, and their pongs are kept in memory")


PROBE = Probe(
    id="slow/4",
    title="Pongs do not pile up for a peer that does not read",
    severity="P1",
    profile="core",
    requirement="What is kept for one connection is bounded, control frames included.",
    expected="the connection ends, or the server stops reading it",
    fix="Count pongs with what is queued, or stop reading while the socket does not take them.",
    missing_test="Send ping frames without reading and expect the connection to end.",
    run=_run,
    alone=True,
)
