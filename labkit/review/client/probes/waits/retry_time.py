"""How long a client waits before it reconnects, when the server asks for a wait."""

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe

NEAR_MS, FAR_MS = 200, 3000
EARLY = 0.95  # of the retry time: clocks differ


async def _retry_time(scene: ClientScene) -> Outcome:
    near, far = await scene.client(), await scene.client()
    connections = [await far.enter(), await near.enter()]
    closed = connections[0].close(1012, f"restart retry={FAR_MS}")
    connections[1].close(1012, f"restart retry={NEAR_MS}")
    returned, last = await near.next_connection(), await far.next_connection()
    waited_s = last.at - closed
    summary = f"with retry={FAR_MS} it reconnected after {waited_s:.2f} s"
    if waited_s < EARLY * FAR_MS / 1000:
        return broken(summary)
    return (held if returned.at < last.at else broken)(
        f"{summary}, with retry={NEAR_MS} sooner" if returned else summary
    )


RETRY_TIME = Probe(
    id="waits/2",
    title="A client keeps to its retry time",
    severity="P1",
    profile="client",
    requirement="1012 gives each client a time in the reason, retry=MS: it reconnects then, and not before.",
    expected="each client reconnects at its own time, the earlier one first",
    fix="Read retry=MS from the close reason, and wait that long.",
    missing_test="Close with 1012 retry=3000, and expect no connection before.",
    run=_retry_time,
)


async def _busy(scene: ClientScene) -> Outcome:
    client = await scene.client()
    closed = (await client.enter()).close(1013, "busy retry=100")
    waited_s = (await client.next_connection()).at - closed
    return (held if waited_s > EARLY else broken)(f"it reconnected after {waited_s:.2f} s")


BUSY = Probe(
    id="waits/3",
    title="A client waits at least a second for a busy server",
    severity="P1",
    profile="client",
    requirement="After 1013 a client waits at least a second before it reconnects, whatever retry=MS says.",
    expected="no connection for at least a second",
    fix="If the wait after 1013 is shorter than a second, add a second.",
    missing_test="Close with 1013 retry=100, and expect no connection for a second.",
    run=_busy,
)
