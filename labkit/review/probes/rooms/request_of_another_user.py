"""rooms/18: the same requestId, sent by two users."""

from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    first, second = await scene.enter(room), await scene.enter(room)
    if first.ok.get("userId") == second.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    first.chat(room, "mine", requestId="the-same")
    await second.receive("chat")
    second.chat(room, "mine too", requestId="the-same")
    event = await second.receive("chat")
    summary = f"the second user received {event.get('text')!r}"
    return (held if event.get("text") == "mine too" and not event.get("duplicate") else broken)(summary)


PROBE = Probe(
    id="rooms/18",
    title="A requestId of one user does not block another user's",
    severity="P0",
    profile="full",
    requirement="A requestId is remembered per user and room.",
    expected="two events",
    fix="Include the user in the key.",
    missing_test="Let two users send the same requestId; expect two events.",
    run=_run,
)
