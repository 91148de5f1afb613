"""entry/3: a client that puts its token in the URL."""

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.next_connection()
    if any(secret in connection.target for secret in (client.token, *client.tickets)):
        return broken("the URL of its handshake contains the token")
    auth = await connection.receive("auth")
    is_right = auth.get("token") in (client.token, *client.tickets)
    return (held if is_right else broken)("the token is in auth" if is_right else "auth contains another token")


PROBE = Probe(
    id="entry/3",
    title="A client sends its token in the first message, not in the URL",
    severity="P0",
    profile="client",
    requirement="Logs, proxies and browser histories keep URLs, so a URL must not contain a credential.",
    expected="a URL without the token, and the token in auth",
    fix="Send the token in the first message.",
    missing_test="Search the request line of the handshake for the token.",
    run=_run,
)
