"""auth/14: two connections of one session."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    older = await scene.enter()
    newer = await scene.connect()
    newer.send(type="auth", token=older.ok.get("resume"))
    await newer.receive("auth_ok")
    await newer.received_so_far()  # by now the server has started to close the older one
    outcome = await must_end(scene, older, 4409)
    return (held if outcome.verdict == "held" else broken)(f"the older connection: {outcome.actual}")


PROBE = Probe(
    id="auth/14",
    title="The newest connection of a session replaces the older one",
    severity="P1",
    profile="full",
    requirement="The newest connection of a session stays; the older one is closed with 4409.",
    expected="close 4409 on the older connection",
    fix="Keep one connection per session; when a newer one authenticates, close the older one with 4409.",
    missing_test="Resume a session that is still connected and expect close 4409 on the older connection.",
    run=_run,
)
