"""auth/18: what everybody may know is no credential."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    member = await scene.enter()
    for name in ("connectionId", "userId"):
        peer = await scene.connect()
        peer.say(type="auth", token=str(member.ok.get(name)), previous=member.ok.get("connectionId"))
        seen = await must_end(scene, peer, 4403)
        if seen.verdict == "broken":
            return broken(f"{name} as a token: {seen.actual}")
    return held("neither connectionId nor userId is taken as a token")


PROBE = Probe(
    id="auth/18",
    title="A connectionId opens nothing",
    severity="P0",
    profile="core",
    requirement="connectionId and previous only name a connection; they are no credentials.",
    expected="close 4403",
    fix="Look a session up by its signed credential alone.",
    missing_test="Authenticate with a connectionId as the token and expect close 4403.",
    run=_run,
)
