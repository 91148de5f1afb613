"""heartbeat/3: the code of a dead connection."""

from labkit.review.finding import Seen, broken, held
from labkit.review.mute import watch_mute
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    ended = (await watch_mute(scene, answering=False)).ended
    if ended is None:
        return broken("the mute connection was never ended")
    return (held if ended.code == scene.target.dialect.code(4408) else broken)(str(ended))


PROBE = Probe(
    id="heartbeat/3",
    title="Who answers no ping is told so",
    severity="P2",
    profile="full",
    requirement="No pong closes with 4408: reconnect, and resume.",
    expected="close 4408",
    fix="Send a close frame with 4408 before the connection is ended.",
    missing_test="Leave a ping unanswered and expect close 4408.",
    run=_run,
)
