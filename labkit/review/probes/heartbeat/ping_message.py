"""heartbeat/6: the ping of clients that cannot see pings."""

import re

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    peer.say(type="ping")
    said = await peer.hear()
    is_right = said.get("type") == "pong" and TIME.fullmatch(str(said.get("sentAt")))
    return (held if is_right else broken)(f"answered with {said.get('type')}, sentAt {said.get('sentAt')}")


PROBE = Probe(
    id="heartbeat/6",
    title="ping is answered with pong and the time",
    severity="P1",
    profile="core",
    requirement="ping is answered with pong {sentAt}, as browsers see no protocol pings.",
    expected="pong with sentAt as ISO 8601",
    fix="Answer ping with pong and the server's time.",
    missing_test="Send ping and expect pong with sentAt.",
    run=_run,
)
