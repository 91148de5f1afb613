"""slow/6: what a slow consumer costs."""

from labkit.review.finding import Seen, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene

MOST_KB = 20 * 1024


async def _run(scene: Scene) -> Seen:
    scene.rss_kb()
    await stall_and_flood(scene)
    before = scene.rss_kb()
    await stall_and_flood(scene)
    grown = scene.rss_kb() - before
    return (held if grown < MOST_KB else broken)(f"the server grew by {grown / 1024:.1f} MiB")


PROBE = Probe(
    id="slow/6",
    title="A slow consumer's memory comes back",
    severity="P1",
    profile="full",
    requirement="What is kept for a slow member is bounded, and freed when it is let go.",
    expected="a second slow member makes the server grow by less than 20 MiB",
    fix="Drop the queue when the close is decided, and end the connection after a deadline.",
    missing_test="Measure the server's memory around a slow consumer.",
    run=_run,
    alone=True,
)
