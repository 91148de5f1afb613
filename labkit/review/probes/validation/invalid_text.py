"""validation/5: invalid texts."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TEXTS = ("", "x" * 1001, "\U0001f600" * 501, 1, None, ["x"], {"x": 1}, True)


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    messages = [scene.encode(type="chat", roomId=room, text=text) for text in TEXTS]
    return await each_must_end(scene, (1008,), [*messages, scene.encode(type="chat", roomId=room)], room)


PROBE = Probe(
    id="validation/5",
    title="A text has 1 to 1000 characters",
    severity="P1",
    profile="core",
    requirement="text is a string of 1 to 1000 UTF-16 units, as a browser counts; anything else closes with 1008.",
    expected="close 1008 for each message",
    fix="Check the type and the length of text, counted in UTF-16 units like a browser.",
    missing_test="Send an empty text, 1001 characters, 501 emoji and a number; expect 1008.",
    run=_run,
)
