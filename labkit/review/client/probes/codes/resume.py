"""codes/4: the credential of a reconnect."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    (await client.enter()).abort()
    token = (await client.wait_for_auth()).first("auth").get("token")
    if token == client.resumes[-1]:
        return held("auth contained the resume credential of the last auth_ok")
    return broken(f"auth contained {'the first token' if token == client.token else 'another token'}")


PROBE = Probe(
    id="codes/4",
    title="A reconnecting client resumes its session",
    severity="P2",
    profile="client",
    requirement="After 1006 the next auth contains the resume credential, because a ticket works only once.",
    expected="auth with the resume of the last auth_ok",
    fix="Keep resume from auth_ok, and send it after every code that does not require a new ticket.",
    missing_test="Cut the connection and expect resume in the next auth.",
    run=_run,
)
