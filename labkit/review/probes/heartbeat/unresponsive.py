"""heartbeat/2: a client that answers no ping."""

from labkit.review.finding import Outcome
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.unresponsive import watch_unresponsive


async def _run(scene: Scene) -> Outcome:
    return (await watch_unresponsive(scene, answering=False)).outcome


PROBE = Probe(
    id="heartbeat/2",
    title="An unresponsive connection is closed, a healthy one is kept",
    severity="P1",
    profile="core",
    requirement="A connection that answers no ping is closed; one that answers is kept.",
    expected="the unresponsive connection is closed; the healthy one, pinged just as often, is not",
    fix="Remember that a ping is outstanding, and close the connection if its pong does not arrive in time.",
    missing_test="Leave pings unanswered on one connection and answer them on another; only the first may be closed.",
    run=_run,
)
