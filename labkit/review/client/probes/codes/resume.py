"""codes/4: with what a client comes back."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    (await subject.enter()).abort()
    said = (await subject.authed()).first("auth").get("token")
    if said == subject.resumes[-1]:
        return held("auth held the resume credential of the last auth_ok")
    return broken(f"auth held {'the first token' if said == subject.token else 'something else'}")


PROBE = Probe(
    id="codes/4",
    title="Who comes back resumes its session",
    severity="P2",
    profile="client",
    requirement="After 1006 the next auth holds the resume credential, as a ticket is good for one use.",
    expected="auth with the resume of the last auth_ok",
    fix="Keep resume from auth_ok, and present it after every code that does not ask for a fresh ticket.",
    missing_test="Cut the connection and expect resume in the next auth.",
    run=_run,
)
