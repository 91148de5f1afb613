"""rooms/9: room names with a meaning in a programming language."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NAMES = ("__proto__", "constructor", "toString", "hasOwnProperty", "__class__", "null", "undefined", "0", "-1")


async def _run(scene: Scene) -> Outcome:
    sender, receiver = await scene.enter(NAMES[0]), await scene.enter(NAMES[0])
    for name in NAMES:
        if name != NAMES[0]:  # one at a time: some servers allow one room per connection
            await scene.join(sender, name)
            await scene.join(receiver, name)
        text = scene.room(name)
        sender.chat(name, text)
        while (event := await receiver.receive("chat")).get("text") != text:
            pass
        if event.get("roomId", name) != name:
            return broken(f"a chat in {name} arrived as a chat in {event.get('roomId')}")
    return held(f"each of {len(NAMES)} odd names works as a room")


PROBE = Probe(
    id="rooms/9",
    title="A room may be named __proto__",
    severity="P1",
    profile="core",
    requirement="Every name that matches the pattern is a valid room.",
    expected="the join and the chat succeed",
    fix="Keep rooms in a Map or a dict, never as properties of an object.",
    missing_test="Join and chat in __proto__ and constructor.",
    run=_run,
)
