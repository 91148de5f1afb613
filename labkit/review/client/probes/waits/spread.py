"""waits/1: many clients lose the same server."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe

CLIENTS = 8
WINDOW_MS = 3000
MIN_SPREAD = 1 / 8  # of the window; eight random times are this close together once in 200,000 runs


async def _run(scene: ClientScene) -> Outcome:
    clients = [await scene.client() for _ in range(CLIENTS)]
    connections = await asyncio.gather(*(client.enter(reconnect={"windowMs": WINDOW_MS}) for client in clients))
    closed = [connection.close(1001, "going away") for connection in connections]
    back = await asyncio.gather(*(client.next_connection() for client in clients))
    waited = sorted(connection.at - at for connection, at in zip(back, closed, strict=True))
    summary = (
        f"{CLIENTS} clients with a window of {WINDOW_MS} ms reconnected after {waited[0]:.2f} to {waited[-1]:.2f} s"
    )
    return (held if waited[-1] - waited[0] > MIN_SPREAD * WINDOW_MS / 1000 else broken)(summary)


PROBE = Probe(
    id="waits/1",
    title="Reconnects are spread over the window",
    severity="P1",
    profile="client",
    requirement="The first reconnect comes at a random time in the latest window from the server.",
    expected="eight clients reconnect over the whole window, not together",
    fix="Wait random() * windowMs before the first reconnect.",
    missing_test="Close eight clients at once, and compare the times at which they reconnect.",
    run=_run,
)
