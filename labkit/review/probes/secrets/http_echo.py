"""secrets/5: HTTP responses that repeat the request."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    marker = "marker" + scene.room()[2:10]
    for method, path in (("GET", f"/{marker}"), ("GET", f"/?token={marker}"), ("POST", f"/{marker}?token={marker}")):
        response = await scene.http(method, path, {"Authorization": f"Bearer {marker}"})
        if marker.encode() in response.body or response.status == 0:
            return broken(f"{method} {path}: HTTP {response.status}, with the marker in the response")
    return held("no response repeats the request")


PROBE = Probe(
    id="secrets/5",
    title="HTTP errors do not repeat the URL or the headers",
    severity="P2",
    profile="core",
    requirement="Secrets never appear in an error.",
    expected="no response contains the path, the query or the header",
    fix="Respond with constant text.",
    missing_test="Request an unknown path with a secret in the query; expect the response not to contain it.",
    run=_run,
)
