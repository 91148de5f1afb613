"""slow/1: a member that stops reading."""

from labkit.review.finding import Seen, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    flood = await stall_and_flood(scene)
    return (held if flood.let_go else broken)(flood.told)


PROBE = Probe(
    id="slow/1",
    title="A slow consumer is let go in time",
    severity="P1",
    profile="core",
    requirement="A member too far behind is closed with 1013, and its connection ended when it does not answer.",
    expected="the connection is ended within outbox_age_s and the close deadline",
    fix="Bound what is queued for each member, close with 1013, and abort the connection after a deadline.",
    missing_test="Stop reading, let the room talk, and expect the server to end the connection in seconds.",
    run=_run,
    alone=True,
)
