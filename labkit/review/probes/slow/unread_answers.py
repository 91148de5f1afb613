"""slow/5: messages whose answers are never read."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.flood import flood_without_reading
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter(receive_buffer=4096)
    data = frames.frame(frames.TEXT, scene.words(type="ping").encode())
    defence = await flood_without_reading(peer, data, 6 * 2**20, scene.promised.close_deadline_s + 3)
    return held(defence) if defence else broken("6 MiB of messages were taken, and their answers are kept in memory")


PROBE = Probe(
    id="slow/5",
    title="Answers do not pile up for a peer that does not read",
    severity="P1",
    profile="core",
    requirement="What is kept for one connection is bounded, answers included.",
    expected="the connection ends, or the server stops reading it",
    fix="Send answers through the same bounded queue as events, and limit the rate of messages.",
    missing_test="Send ping messages without reading and expect the connection to end.",
    run=_run,
    alone=True,
)
