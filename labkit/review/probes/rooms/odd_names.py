"""rooms/9: room names that mean something to a language."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NAMES = ("__proto__", "constructor", "toString", "hasOwnProperty", "__class__", "null", "undefined", "0", "-1")


async def _run(scene: Scene) -> Seen:
    speaker, listener = await scene.enter(NAMES[0]), await scene.enter(NAMES[0])
    for name in NAMES:
        if name != NAMES[0]:  # one after the other, as some servers have one room a connection
            await scene.join(speaker, name)
            await scene.join(listener, name)
        words = scene.room(name)
        speaker.chat(name, words)
        while (said := await listener.hear("chat")).get("text") != words:
            pass
        if said.get("roomId", name) != name:
            return broken(f"a chat in {name} came as one in {said.get('roomId')}")
    return held(f"each of {len(NAMES)} odd names is a room like any other")


PROBE = Probe(
    id="rooms/9",
    title="A room may be named __proto__",
    severity="P1",
    profile="core",
    requirement="Every name that the pattern allows is a room.",
    expected="joined and heard",
    fix="Keep rooms in a Map or a dict, never as properties of an object.",
    missing_test="Join and chat in __proto__ and constructor.",
    run=_run,
)
