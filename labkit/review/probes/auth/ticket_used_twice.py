"""auth/15: a single-use ticket, used twice."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    ticket = await scene.ticket()
    await scene.enter(token=ticket)
    second = await scene.connect()
    second.send(type="auth", token=ticket)
    return await must_end(scene, second, 4403)


PROBE = Probe(
    id="auth/15",
    title="A ticket works only once",
    severity="P0",
    profile="full",
    requirement="A ticket is single-use: a second use closes the connection with 4403.",
    expected="close 4403 on the second use",
    fix="Remember the ids of used tickets until they would have expired.",
    missing_test="Authenticate twice with one ticket and expect close 4403 the second time.",
    run=_run,
)
