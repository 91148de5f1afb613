"""codes/5: the credential has expired."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    late, expired = await scene.client(), await scene.client()
    (await late.wait_for_auth()).close(4401, "auth required")
    (await expired.enter()).close(4419, "session expired")
    await late.wait_for_auth()
    token = (await expired.wait_for_auth()).first("auth").get("token")
    if token in expired.resumes:
        return broken("after 4419 it sent the expired credential again")
    if token in expired.tickets:
        return held("after 4419 it sent a ticket that it had fetched")
    return (held if token == expired.token else broken)(
        f"after 4419 it sent {'LABKIT_TOKEN' if token == expired.token else 'something else'}"
    )


PROBE = Probe(
    id="codes/5",
    title="After 4401 and 4419 a client reconnects with a new ticket",
    severity="P1",
    profile="client",
    requirement="After 4401 and 4419 fetch a new ticket and reconnect; an expired resume never works again.",
    expected="a new connection after both; after 4419 with LABKIT_TOKEN or a fetched ticket, not with resume",
    fix="Discard resume after 4401 and 4419.",
    missing_test="Close with 4419, and expect another credential in the next auth.",
    run=_run,
)
