"""entry/3: where a client puts its token."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.visit()
    if any(secret in visit.target for secret in (subject.token, *subject.tickets)):
        return broken("the URL of its handshake holds the token")
    said = await visit.hear("auth")
    is_right = said.get("token") in (subject.token, *subject.tickets)
    return (held if is_right else broken)("the token came in auth" if is_right else "auth holds another token")


PROBE = Probe(
    id="entry/3",
    title="The token travels in the first message, not in the URL",
    severity="P0",
    profile="client",
    requirement="URLs are kept by logs, proxies and histories; no credential is in one.",
    expected="a URL without the token, and the token in auth",
    fix="Send the token in the first message.",
    missing_test="Look for the token in the request line of the handshake.",
    run=_run,
)
