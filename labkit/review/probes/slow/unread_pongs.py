"""slow/4: protocol pings whose pongs are never read."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import flood_without_reading
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter(receive_buffer=4096)
    data = frames.frame(frames.PING, b"x" * 125)
    defence = await flood_without_reading(peer, data, 12 * 2**20, scene.promised.close_deadline_s + 3)
    return held(defence) if defence else broken("the server read 12 MiB of pings and keeps their pongs in memory")


PROBE = Probe(
    id="slow/4",
    title="Pongs do not pile up for a client that does not read",
    severity="P1",
    profile="core",
    requirement="The data kept for one connection is limited, control frames included.",
    expected="the connection ends, or the server stops reading from it",
    fix="Count pongs as part of the queue, or stop reading while the socket does not accept them.",
    missing_test="Send ping frames without reading, and expect the connection to end.",
    run=_run,
    alone=True,
)
