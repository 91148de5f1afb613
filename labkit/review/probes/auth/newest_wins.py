"""auth/14: two connections of one session."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    older = await scene.enter()
    newer = await scene.connect()
    newer.say(type="auth", token=older.ok.get("resume"))
    await newer.hear("auth_ok")
    await newer.everything()  # whatever the server does about the older one, it has begun
    seen = await must_end(scene, older, 4409)
    return (held if seen.verdict == "held" else broken)(f"the older: {seen.actual}")


PROBE = Probe(
    id="auth/14",
    title="The newest connection of a session wins",
    severity="P1",
    profile="full",
    requirement="The newest connection of a session wins; the older gets 4409.",
    expected="close 4409 for the older",
    fix="Keep one connection a session and close the older with 4409 when a newer one authenticates.",
    missing_test="Resume a session that is still connected and expect close 4409 on the older connection.",
    run=_run,
)
