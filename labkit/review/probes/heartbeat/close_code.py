"""heartbeat/3: the close code for an unresponsive connection."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.unresponsive import watch_unresponsive


async def _run(scene: Scene) -> Outcome:
    ended = (await watch_unresponsive(scene, answering=False)).ended
    if ended is None:
        return broken("the unresponsive connection was never closed")
    return (held if ended.code == scene.target.dialect.code(4408) else broken)(str(ended))


PROBE = Probe(
    id="heartbeat/3",
    title="A client that answers no ping is closed with 4408",
    severity="P2",
    profile="full",
    requirement="A missing pong closes the connection with 4408: the client may reconnect and resume.",
    expected="close 4408",
    fix="Send a close frame with 4408 before you end the connection.",
    missing_test="Leave a ping unanswered and expect close 4408.",
    run=_run,
)
