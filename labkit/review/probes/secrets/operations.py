"""secrets/6: access to the operators' pages."""

from labkit.evidence import NotSeen, Outcome, broken
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    member = await scene.enter(scene.room())
    for headers in ({}, {"Authorization": "Bearer wrong-token"}):
        for method, path in (("GET", "/connections"), ("POST", f"/revoke/{member.ok.get('userId')}")):
            response = await scene.http(method, path, headers)
            if response.status not in (401, 403, 404):
                return broken(f"{method} {path} without the operations token: HTTP {response.status}")
    metrics = await scene.http("GET", "/metrics")
    if not metrics.status:
        raise NotSeen("no response to GET /metrics was seen")
    page = metrics.body.decode("utf-8", "replace")
    secrets = [*scene.target.tokens, *(str(member.ok.get(name) or "") for name in ("resume", "connectionId"))]
    if any(secret in page for secret in secrets if secret):
        return broken("/metrics contains a credential or a connectionId")
    return await must_be_well(member)


PROBE = Probe(
    id="secrets/6",
    title="Connections and revocation are for operators only",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="/connections and /revoke need the operations token; /metrics contains numbers only.",
    expected="HTTP 401 or 403 without the token, and no names in /metrics",
    fix="Check the operations token first, and label metrics by kind, never by user.",
    missing_test="Request /connections and /revoke with no token and with a wrong one; expect 401 or 403.",
    run=_run,
)
