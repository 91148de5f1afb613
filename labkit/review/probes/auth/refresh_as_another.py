"""auth/17: refresh with the credential of another user."""

from labkit.review.finding import CannotTell, Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    victim, thief = await scene.enter(), await scene.enter()
    if victim.ok.get("userId") == thief.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    thief.send(type="refresh", token=victim.ok.get("resume"))
    return await must_end(scene, thief, 4403)


PROBE = Probe(
    id="auth/17",
    title="refresh cannot change the user of a connection",
    severity="P0",
    profile="full",
    requirement="refresh keeps the user: the credential of another user closes the connection with 4403.",
    expected="close 4403",
    fix="Compare the user of the new credential with that of the connection before you accept it.",
    missing_test="Refresh with the resume of another user and expect close 4403.",
    run=_run,
)
