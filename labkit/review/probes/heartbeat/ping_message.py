"""heartbeat/6: the ping message, for clients that cannot see protocol pings."""

import re

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send(type="ping")
    message = await peer.receive()
    is_right = message.get("type") == "pong" and TIME.fullmatch(str(message.get("sentAt")))
    return (held if is_right else broken)(f"the response was {message.get('type')}, sentAt {message.get('sentAt')}")


PROBE = Probe(
    id="heartbeat/6",
    title="ping is answered with pong and the time",
    severity="P1",
    profile="core",
    requirement="ping is answered with pong {sentAt}, because browsers cannot see protocol pings.",
    expected="pong with sentAt as ISO 8601",
    fix="Answer ping with pong and the server's time.",
    missing_test="Send ping and expect pong with sentAt.",
    run=_run,
)
