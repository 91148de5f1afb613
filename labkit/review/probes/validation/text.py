"""Validation of the text of a chat."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

INVALID_TEXTS = ("", "x" * 1001, "\U0001f600" * 501, 1, None, ["x"], {"x": 1}, True)


async def _invalid_text(scene: Scene) -> Outcome:
    room = scene.room()
    messages = [scene.encode(type="chat", roomId=room, text=text) for text in INVALID_TEXTS]
    return await each_must_end(scene, (1008,), [*messages, scene.encode(type="chat", roomId=room)], room)


INVALID_TEXT = Probe(
    id="validation/5",
    title="A text has 1 to 1000 characters",
    severity="P1",
    profile="core",
    requirement="text is a string of 1 to 1000 UTF-16 units, as a browser counts; anything else closes with 1008.",
    expected="close 1008 for each message",
    fix="Check the type and the length of text, counted in UTF-16 units like a browser.",
    missing_test="Send an empty text, 1001 characters, 501 emoji and a number; expect 1008.",
    run=_invalid_text,
)


VALID_TEXTS = ("x", "x" * 1000, "\U0001f600" * 500, "\u00e4" * 1000, "line\nbreak\ttab\u2028", '"\\/', "\u200b")


async def _valid_text(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for text in VALID_TEXTS:
        sender.chat(room, text)
        if (await receiver.receive("chat")).get("text") != text:
            return broken(f"{text[:20]!r} arrived changed")
    return held(f"each of {len(VALID_TEXTS)} texts arrived unchanged")


VALID_TEXT = Probe(
    id="validation/6",
    title="A valid text arrives unchanged",
    severity="P1",
    profile="core",
    requirement="Any text of 1 to 1000 UTF-16 units is valid, whatever its characters.",
    expected="each text as it was sent",
    fix="Do not trim or clean a text: validate it and forward it.",
    missing_test="Send 1000 characters, 500 emoji and line breaks; expect the same texts back.",
    run=_valid_text,
)
