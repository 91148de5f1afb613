"""heartbeat/2: a peer that answers no ping."""

from labkit.review.finding import Seen
from labkit.review.mute import watch_mute
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    return (await watch_mute(scene, answering=False)).seen


PROBE = Probe(
    id="heartbeat/2",
    title="A dead connection is removed, a live one is kept",
    severity="P1",
    profile="core",
    requirement="A connection that answers no ping is ended; one that does is kept.",
    expected="the mute connection ends; the healthy one beside it, pinged as often, does not",
    fix="Remember that a ping is out, and end the connection when its pong has not come in time.",
    missing_test="Leave pings unanswered on one connection and answer them on another; only the first may end.",
    run=_run,
)
