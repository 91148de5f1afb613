"""secrets/5: HTTP answers that give back what was asked."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    marker = "marker" + scene.room()[2:10]
    for method, path in (("GET", f"/{marker}"), ("GET", f"/?token={marker}"), ("POST", f"/{marker}?token={marker}")):
        answer = await scene.http(method, path, {"Authorization": f"Bearer {marker}"})
        if marker.encode() in answer.body or (answer.status == 0):
            return broken(f"{method} {path}: HTTP {answer.status}, with the marker in the answer")
    return held("no answer holds what was asked")


PROBE = Probe(
    id="secrets/5",
    title="HTTP errors do not give back the URL or the headers",
    severity="P2",
    profile="core",
    requirement="Secrets never appear in an error.",
    expected="no answer holds the path, the query or the header",
    fix="Answer with constant text.",
    missing_test="Ask for an unknown path with a secret in the query; expect it not in the answer.",
    run=_run,
)
