"""heartbeat/4: pongs that answer no ping."""

from labkit.review.finding import Seen
from labkit.review.mute import watch_mute
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    return (await watch_mute(scene, answering=True)).seen


PROBE = Probe(
    id="heartbeat/4",
    title="A pong that answers nothing keeps nobody alive",
    severity="P2",
    profile="full",
    requirement="Only a pong with the payload of the latest ping counts.",
    expected="a connection that sends pongs with another payload ends as a mute one does",
    fix="Put a fresh payload into each ping and compare it with that of the pong.",
    missing_test="Answer each ping with a pong of another payload and expect the connection to end.",
    run=_run,
)
