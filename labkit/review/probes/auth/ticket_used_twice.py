"""auth/15: a single-use ticket, used twice."""

from labkit.review.finding import Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    ticket = await scene.ticket()
    await scene.enter(token=ticket)
    second = await scene.connect()
    second.say(type="auth", token=ticket)
    return await must_end(scene, second, 4403)


PROBE = Probe(
    id="auth/15",
    title="A ticket opens once",
    severity="P0",
    profile="full",
    requirement="A ticket is single-use: a second use closes with 4403.",
    expected="close 4403 for the second use",
    fix="Remember the ids of used tickets for as long as they would otherwise be good.",
    missing_test="Authenticate twice with one ticket and expect close 4403 the second time.",
    run=_run,
)
