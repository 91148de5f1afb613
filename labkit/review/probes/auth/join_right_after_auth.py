"""auth/11: a join sent without waiting for auth_ok."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="auth", token=await scene.token())
    peer.send(type="join", roomId=scene.room())
    peer.send(type="ping")
    order = [str((await peer.receive()).get("type")) for _ in range(3)]
    return (held if order == ["auth_ok", "joined", "pong"] else broken)(f"the responses were {', '.join(order)}")


PROBE = Probe(
    id="auth/11",
    title="A join sent right after auth waits for auth to finish",
    severity="P1",
    profile="core",
    requirement="On one connection, responses keep the order of the messages that caused them.",
    expected="auth_ok, joined, pong",
    fix="If verifying a credential takes time, queue the messages that follow instead of handling them too early.",
    missing_test="Send auth, join and ping in one write and expect auth_ok, joined, pong.",
    run=_run,
)
