"""rooms/18: the same requestId from two users."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    first, second = await scene.enter(room), await scene.enter(room)
    if first.ok.get("userId") == second.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    first.chat(room, "mine", requestId="the-same")
    await second.hear("chat")
    second.chat(room, "also mine", requestId="the-same")
    said = await second.hear("chat")
    told = f"the second user was answered with {said.get('text')!r}"
    return (held if said.get("text") == "also mine" and not said.get("duplicate") else broken)(told)


PROBE = Probe(
    id="rooms/18",
    title="One user's requestId does not silence another's",
    severity="P0",
    profile="full",
    requirement="A requestId is remembered for its user and its room.",
    expected="two events",
    fix="Make the user part of the key.",
    missing_test="Let two users use one requestId and expect two events.",
    run=_run,
)
