"""line/1: pings of the server."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    visit = await (await scene.client()).enter()
    payloads = [b"", b"abc", bytes(range(125))]
    for payload in payloads:
        visit.ping(payload)
    await visit.until(lambda: len(visit.pongs) == len(payloads) or visit.ended, visit.patience_s)
    return (held if visit.pongs == payloads else broken)(f"{len(visit.pongs)} pongs for {len(payloads)} pings")


PROBE = Probe(
    id="line/1",
    title="A ping frame is answered with its payload",
    severity="P1",
    profile="client",
    requirement="RFC 6455 5.5.3; who answers no ping is taken for dead (4408).",
    expected="a pong with the same payload for each ping",
    fix="Leave ping frames to the WebSocket library, and keep its loop free.",
    missing_test="Send ping frames and expect the same payloads back.",
    run=_run,
)
