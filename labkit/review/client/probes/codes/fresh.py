"""codes/5: what a client presents when its credential is over."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    late, expired = await scene.client(), await scene.client()
    (await late.authed()).close(4401, "auth required")
    (await expired.enter()).close(4419, "session expired")
    await late.authed()
    said = (await expired.authed()).first("auth").get("token")
    if said in expired.resumes:
        return broken("after 4419 it came back with the credential that has expired")
    if said in expired.tickets:
        return held("after 4419 it presented a ticket that it had fetched")
    return (held if said == expired.token else broken)(
        f"after 4419 it presented {'LABKIT_TOKEN' if said == expired.token else 'something else'}"
    )


PROBE = Probe(
    id="codes/5",
    title="After 4401 and 4419 it comes back with a fresh ticket",
    severity="P1",
    profile="client",
    requirement="4401 and 4419 say: fetch a fresh ticket, then reconnect; a resume that expired never helps again.",
    expected="a new connection after both; after 4419 with LABKIT_TOKEN or a fetched ticket, not with resume",
    fix="Forget resume when the code is 4401 or 4419.",
    missing_test="Close with 4419 and expect another credential in the next auth.",
    run=_run,
)
