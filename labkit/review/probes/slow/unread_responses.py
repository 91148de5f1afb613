"""slow/5: messages whose responses are never read."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import flood_without_reading
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter(receive_buffer=4096)
    data = frames.frame(frames.TEXT, scene.encode(type="ping").encode())
    defence = await flood_without_reading(peer, data, 6 * 2**20, scene.promised.close_deadline_s + 3)
    return held(defence) if defence else broken("the server read 6 MiB of messages and keeps their responses in memory")


PROBE = Probe(
    id="slow/5",
    title="Responses do not pile up for a client that does not read",
    severity="P1",
    profile="core",
    requirement="The data kept for one connection is limited, responses included.",
    expected="the connection ends, or the server stops reading from it",
    fix="Send responses through the same limited queue as events, and limit the message rate.",
    missing_test="Send ping messages without reading, and expect the connection to end.",
    run=_run,
    alone=True,
)
