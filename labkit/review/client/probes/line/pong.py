"""line/1: protocol pings from the server."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    connection = await (await scene.client()).enter()
    payloads = [b"", b"abc", bytes(range(125))]
    for payload in payloads:
        connection.ping(payload)
    await connection.until(lambda: len(connection.pongs) == len(payloads) or connection.ended, connection.patience_s)
    return (held if connection.pongs == payloads else broken)(
        f"{len(connection.pongs)} pongs for {len(payloads)} pings"
    )


PROBE = Probe(
    id="line/1",
    title="A ping frame is answered with its payload",
    severity="P1",
    profile="client",
    requirement="RFC 6455 5.5.3; a client that answers no ping is closed as unresponsive (4408).",
    expected="one pong per ping, with the same payload",
    fix="Let the WebSocket library answer ping frames, and do not block its event loop.",
    missing_test="Send ping frames, and expect the same payloads back.",
    run=_run,
)
