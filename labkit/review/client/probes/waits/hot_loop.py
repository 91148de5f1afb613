"""waits/4: a server that accepts and closes at once."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe

ATTEMPTS = 8
WINDOW_MS = 1
MIN_WAIT_S = 1.0  # random waits up to 1, 2, 4, 8 ... s add up to less once in 20 million runs


async def _run(scene: ClientScene) -> Outcome:
    client, waited_s, closed = await scene.client(), 0.0, 0.0
    for number in range(ATTEMPTS):
        connection = await client.wait_for_auth()
        waited_s += connection.at - closed if number else 0
        if waited_s > MIN_WAIT_S:
            return held(f"before connection {number + 1} it had waited {waited_s:.2f} s")
        client.send_auth_ok(connection, reconnect={"windowMs": WINDOW_MS})
        closed = connection.close(1011, "internal error")
    return broken(
        f"{ATTEMPTS} connections, each closed right after auth_ok; between them it waited {waited_s:.2f} s in all"
    )


PROBE = Probe(
    id="waits/4",
    title="Waits grow while the server accepts and closes",
    severity="P1",
    profile="client",
    requirement="Waits grow with each attempt until a connection has lasted 10 s; auth_ok alone proves nothing.",
    expected="a longer wait before each attempt",
    fix="Reset the backoff ten seconds after auth_ok, not when the connection opens.",
    missing_test="Close each connection right after auth_ok, and count the connections per second.",
    run=_run,
)
