"""auth/17: refresh with somebody else's credential."""

from labkit.review.finding import CannotTell, Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    victim, thief = await scene.enter(), await scene.enter()
    if victim.ok.get("userId") == thief.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    thief.say(type="refresh", token=victim.ok.get("resume"))
    return await must_end(scene, thief, 4403)


PROBE = Probe(
    id="auth/17",
    title="refresh cannot turn one user into another",
    severity="P0",
    profile="full",
    requirement="refresh keeps the user: a credential of another user closes with 4403.",
    expected="close 4403",
    fix="Compare the user of the newer credential with that of the connection before accepting it.",
    missing_test="Refresh with the resume of another user and expect close 4403.",
    run=_run,
)
