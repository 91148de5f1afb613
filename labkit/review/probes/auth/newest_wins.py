"""auth/14: two connections of one session."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    older = await scene.enter()
    newer = await scene.connect()
    newer.say(type="auth", token=older.ok.get("resume"))
    await newer.hear("auth_ok")
    ended = await older.until_ended(1)
    if ended is None:
        return broken("both connections of the session live on")
    return (held if ended.code == scene.target.dialect.code(4409) else broken)(f"the older: {ended}")


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
