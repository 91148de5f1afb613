"""slow/1: a member that stops reading."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene)
    return (held if flood.is_closed else broken)(flood.summary)


PROBE = Probe(
    id="slow/1",
    title="A slow consumer is closed in time",
    severity="P1",
    profile="core",
    requirement="A member too far behind is closed with 1013, and aborted if it does not answer the close.",
    expected="the connection ends within outbox_age_s and the close deadline",
    fix="Limit the queue of each member, close with 1013, and abort the connection after a deadline.",
    missing_test="Stop reading while the room chats, and expect the server to end the connection within seconds.",
    run=_run,
    alone=True,
)
