"""heartbeat/4: pongs that match no ping."""

from labkit.review.finding import Outcome
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.unresponsive import watch_unresponsive


async def _run(scene: Scene) -> Outcome:
    return (await watch_unresponsive(scene, answering=True)).outcome


PROBE = Probe(
    id="heartbeat/4",
    title="An unmatched pong does not keep a connection alive",
    severity="P2",
    profile="full",
    requirement="Only a pong with the payload of the latest ping counts.",
    expected="a connection that sends pongs with other payloads is closed like an unresponsive one",
    fix="Put a fresh payload into each ping and compare the payload of the pong with it.",
    missing_test="Answer each ping with a pong of another payload, and expect the connection to be closed.",
    run=_run,
)
