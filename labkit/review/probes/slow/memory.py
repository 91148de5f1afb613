"""slow/6: memory used for a slow consumer."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene

MAX_GROWTH_KB = 20 * 1024


async def _run(scene: Scene) -> Outcome:
    scene.rss_kb()
    await stall_and_flood(scene)
    before = scene.rss_kb()
    await stall_and_flood(scene)
    growth_kb = scene.rss_kb() - before
    return (held if growth_kb < MAX_GROWTH_KB else broken)(
        f"the memory of the server grew by {growth_kb / 1024:.1f} MiB"
    )


PROBE = Probe(
    id="slow/6",
    title="A slow consumer's memory is freed",
    severity="P1",
    profile="full",
    requirement="The data kept for a slow member is limited, and freed when the member is closed.",
    expected="the server's memory grows by less than 20 MiB for a second slow member",
    fix="Drop the queue as soon as you decide to close, and abort the connection after a deadline.",
    missing_test="Measure the server's memory before and after a slow consumer.",
    run=_run,
    alone=True,
)
