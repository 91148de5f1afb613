"""auth/18: public ids used as a token."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    member = await scene.enter()
    for name in ("connectionId", "userId"):
        peer = await scene.connect()
        peer.send(type="auth", token=str(member.ok.get(name)), previous=member.ok.get("connectionId"))
        outcome = await must_end(scene, peer, 4403)
        if outcome.verdict == "broken":
            return broken(f"{name} as a token: {outcome.actual}")
    return held("neither connectionId nor userId is accepted as a token")


PROBE = Probe(
    id="auth/18",
    title="A connectionId is not accepted as a token",
    severity="P0",
    profile="core",
    requirement="connectionId and previous only name a connection; neither is a credential.",
    expected="close 4403",
    fix="Look up a session only by its signed credential.",
    missing_test="Authenticate with a connectionId as the token and expect close 4403.",
    run=_run,
)
