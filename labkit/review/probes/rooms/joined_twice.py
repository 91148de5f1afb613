"""rooms/7: the same room, joined twice."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    listener, speaker = await scene.enter(room), await scene.enter(room)
    listener.say(type="join", roomId=room)
    await must_be_well(listener)
    speaker.chat(room, "once")
    speaker.chat(room, "the last word")
    texts: list[str] = []
    while "the last word" not in texts:
        texts.append((await listener.hear("chat"))["text"])
    return (held if texts == ["once", "the last word"] else broken)(f"heard {texts!r}")


PROBE = Probe(
    id="rooms/7",
    title="Joining twice does not double what is heard",
    severity="P1",
    profile="core",
    requirement="A connection is in a room once, however often it joins.",
    expected="each event once",
    fix="Keep members in a set, not in a list.",
    missing_test="Join a room twice and expect each chat once.",
    run=_run,
)
