"""entry/1: what a client says before it may."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject, control = await scene.client(), await scene.client()
    visit = await subject.authed()
    await control.enter()  # whatever the other one was going to say, it had the time for it
    said = [str(one.get("type")) for one in visit.said]
    if said != ["auth"]:
        return broken(f"before auth_ok it said {', '.join(said)}")
    subject.admit(visit)
    await subject.asks_in(visit)
    return held("it said auth, and join only after auth_ok")


PROBE = Probe(
    id="entry/1",
    title="Nothing but auth is said before auth_ok",
    severity="P1",
    profile="client",
    requirement="Before auth_ok a server closes with 4403 on anything but auth.",
    expected="auth, and join only when auth_ok has come",
    fix="Send join in the handler of auth_ok, not in that of open.",
    missing_test="Hold auth_ok back and expect nothing but auth.",
    run=_run,
)
