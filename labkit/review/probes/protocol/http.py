"""protocol/18: plain HTTP on the same port."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    answer = await scene.http("GET", "/")
    return (held if answer.status == 200 else broken)(f"GET / was answered with HTTP {answer.status}")


PROBE = Probe(
    id="protocol/18",
    title="The port answers plain HTTP",
    severity="P2",
    profile="core",
    requirement="GET / is answered, so a health check needs no WebSocket.",
    expected="HTTP 200",
    fix="Answer requests without an upgrade with 200 and a line of text.",
    missing_test="Send GET / and expect 200.",
    run=_run,
)
