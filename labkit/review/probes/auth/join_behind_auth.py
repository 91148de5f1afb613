"""auth/11: a join sent without waiting for auth_ok."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.say(type="auth", token=await scene.token())
    peer.say(type="join", roomId=scene.room())
    peer.say(type="ping")
    order = [str((await peer.hear()).get("type")) for _ in range(3)]
    return (held if order == ["auth_ok", "joined", "pong"] else broken)(f"answered with {', '.join(order)}")


PROBE = Probe(
    id="auth/11",
    title="A join right behind auth is judged after auth",
    severity="P1",
    profile="core",
    requirement="On one connection, answers keep the order of the messages that caused them.",
    expected="auth_ok, joined, pong",
    fix="Where checking a credential takes time, queue what comes behind it instead of judging it too early.",
    missing_test="Send auth, join and ping in one write and expect auth_ok, joined, pong.",
    run=_run,
)
