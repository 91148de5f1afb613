"""secrets/6: the pages for operators."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    member = await scene.enter(scene.room())
    for headers in ({}, {"Authorization": "Bearer wrong-bearer"}):
        for method, path in (("GET", "/connections"), ("POST", f"/revoke/{member.ok.get('userId')}")):
            answer = await scene.http(method, path, headers)
            if answer.status not in (401, 403, 404):
                return broken(f"{method} {path} without the right bearer: HTTP {answer.status}")
    page = (await scene.http("GET", "/metrics")).body.decode("utf-8", "replace")
    secrets = [*scene.target.tokens, str(member.ok.get("resume", "")) or "none", str(member.ok.get("connectionId"))]
    if any(secret in page for secret in secrets):
        return broken("/metrics names a credential or a connection")
    return await must_be_well(member)


PROBE = Probe(
    id="secrets/6",
    title="Who is connected, and who may be thrown out, is for operators",
    severity="P0",
    profile="full",
    requirement="/connections and /revoke need the operations bearer; /metrics holds numbers only.",
    expected="HTTP 401 or 403 without the bearer, and no names in /metrics",
    fix="Check the bearer before anything else, and label metrics by kind, never by user.",
    missing_test="Ask for /connections and /revoke without and with a wrong bearer; expect 401 or 403.",
    run=_run,
)
