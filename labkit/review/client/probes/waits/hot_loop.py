"""waits/4: a server that accepts and closes."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe

TIMES = 8
WINDOW_MS = 1
LEAST_S = 1.0  # a second, two, four, eight ... drawn at random sum up to less once in 20 million times


async def _run(scene: ClientScene) -> Seen:
    subject, waited_s, closed = await scene.client(), 0.0, 0.0
    for number in range(TIMES):
        visit = await subject.authed()
        waited_s += visit.at - closed if number else 0
        if waited_s > LEAST_S:
            return held(f"before connection {number + 1} it had waited {waited_s:.2f} s")
        subject.admit(visit, reconnect={"windowMs": WINDOW_MS})
        closed = visit.close(1011, "internal error")
    return broken(
        f"{TIMES} connections, each closed right after auth_ok; between them it waited {waited_s:.2f} s in all"
    )


PROBE = Probe(
    id="waits/4",
    title="A server that accepts and closes is not hammered",
    severity="P1",
    profile="client",
    requirement="Waits grow from try to try, until a connection has lived for 10 s; auth_ok alone proves nothing.",
    expected="longer waits from one try to the next",
    fix="Reset the backoff after auth_ok and ten seconds of life, not when the connection opens.",
    missing_test="Close each connection right after auth_ok, and count how many come in a second.",
    run=_run,
)
