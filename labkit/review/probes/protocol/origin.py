"""protocol/13: a page from another origin."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    for origin in ("https://evil.example", "http://localhost.evil.example", "https://evil.example:443"):
        status = await scene.handshake(await scene.dial(), headers={"Origin": origin})
        if status != 403:
            return broken(f"Origin {origin}: HTTP {status}")
    return held("each of 3 foreign origins was refused with 403")


PROBE = Probe(
    id="protocol/13",
    title="Pages from other origins cannot connect",
    severity="P1",
    profile="full",
    requirement="An Origin that is not on the allow-list is refused with HTTP 403.",
    expected="HTTP 403 for each origin",
    fix="Compare the whole Origin with an allow-list before the upgrade.",
    missing_test="Connect with a foreign Origin and expect 403.",
    run=_run,
)
