"""rooms/7: joining the same room twice."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    receiver, sender = await scene.enter(room), await scene.enter(room)
    receiver.send(type="join", roomId=room)
    await must_be_well(receiver)
    sender.chat(room, "once")
    sender.chat(room, "the last chat")
    texts: list[str] = []
    while "the last chat" not in texts:
        texts.append((await receiver.receive("chat"))["text"])
    return (held if texts == ["once", "the last chat"] else broken)(f"received {texts!r}")


PROBE = Probe(
    id="rooms/7",
    title="Joining twice does not duplicate events",
    severity="P1",
    profile="core",
    requirement="A connection is in a room once, however often it joins.",
    expected="each event once",
    fix="Keep members in a set, not in a list.",
    missing_test="Join a room twice and expect each chat once.",
    run=_run,
)
