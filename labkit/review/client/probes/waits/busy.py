"""waits/3: a busy server."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe

EARLY = 0.95


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    closed = (await client.enter()).close(1013, "busy retry=100")
    waited_s = (await client.next_connection()).at - closed
    return (held if waited_s > EARLY else broken)(f"it reconnected after {waited_s:.2f} s")


PROBE = Probe(
    id="waits/3",
    title="A client waits at least a second for a busy server",
    severity="P1",
    profile="client",
    requirement="After 1013 a client waits at least a second before it reconnects, whatever retry=MS says.",
    expected="no connection for at least a second",
    fix="If the wait after 1013 is shorter than a second, add a second.",
    missing_test="Close with 1013 retry=100, and expect no connection for a second.",
    run=_run,
)
