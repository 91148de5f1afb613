"""protocol/13: a page of another origin."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    for origin in ("https://evil.example", "http://localhost.evil.example", "https://evil.example:443"):
        status = await scene.shake(await scene.dial(), headers={"Origin": origin})
        if status != 403:
            return broken(f"Origin {origin}: HTTP {status}")
    return held("each of 3 foreign origins was refused with 403")


PROBE = Probe(
    id="protocol/13",
    title="Pages of other origins may not connect",
    severity="P1",
    profile="full",
    requirement="An Origin that is not on the allow-list is refused with HTTP 403.",
    expected="HTTP 403 for each",
    fix="Compare Origin whole with an allow-list before the upgrade.",
    missing_test="Connect with a foreign Origin and expect 403.",
    run=_run,
)
