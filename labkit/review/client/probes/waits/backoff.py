"""How long a client waits before it reconnects, when the choice is its own."""

import asyncio

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe

CLIENTS = 8
WINDOW_MS = 3000
MIN_SPREAD = 1 / 8  # of the window; eight random times are this close together once in 200,000 runs


async def _spread(scene: ClientScene) -> Outcome:
    clients = [await scene.client() for _ in range(CLIENTS)]
    connections = await asyncio.gather(*(client.enter(reconnect={"windowMs": WINDOW_MS}) for client in clients))
    closed = [connection.close(1001, "going away") for connection in connections]
    back = await asyncio.gather(*(client.next_connection() for client in clients))
    waited = sorted(connection.at - at for connection, at in zip(back, closed, strict=True))
    summary = (
        f"{CLIENTS} clients with a window of {WINDOW_MS} ms reconnected after {waited[0]:.2f} to {waited[-1]:.2f} s"
    )
    return (held if waited[-1] - waited[0] > MIN_SPREAD * WINDOW_MS / 1000 else broken)(summary)


SPREAD = Probe(
    id="waits/1",
    title="Reconnects are spread over the window",
    severity="P1",
    profile="client",
    requirement="The first reconnect comes at a random time in the latest window that the server sent.",
    expected="eight clients reconnect over the whole window, not together",
    fix="Wait random() * windowMs before the first reconnect.",
    missing_test="Close eight clients at once, and compare the times at which they reconnect.",
    run=_spread,
)


ATTEMPTS = 8
SHORT_WINDOW_MS = 1
MIN_WAIT_S = 1.0  # random waits up to 1, 2, 4, 8 ... s add up to less once in 20 million runs


async def _hot_loop(scene: ClientScene) -> Outcome:
    client, waited_s, closed = await scene.client(), 0.0, 0.0
    for number in range(ATTEMPTS):
        connection = await client.wait_for_auth()
        waited_s += connection.at - closed if number else 0
        if waited_s > MIN_WAIT_S:
            return held(f"before connection {number + 1} it had waited {waited_s:.2f} s")
        client.send_auth_ok(connection, reconnect={"windowMs": SHORT_WINDOW_MS})
        closed = connection.close(1011, "internal error")
    return broken(
        f"{ATTEMPTS} connections, each closed right after auth_ok; between them it waited {waited_s:.2f} s in all"
    )


HOT_LOOP = Probe(
    id="waits/4",
    title="Waits grow while the server accepts and closes",
    severity="P1",
    profile="client",
    requirement="Waits grow with each attempt until a connection has lasted 10 s; auth_ok alone proves nothing.",
    expected="a longer wait before each attempt",
    fix="Reset the backoff ten seconds after auth_ok, not when the connection opens.",
    missing_test="Close each connection right after auth_ok, and count the connections per second.",
    run=_hot_loop,
)
