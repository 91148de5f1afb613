"""Validation of the text of a chat message."""

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review.judge import answers_before_ping, each_must_end
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER
from labkit.review.scene import Scene

INVALID_TEXTS = ("", "x" * 1001, "\U0001f600" * 501, 1, None, ["x"], {"x": 1}, True)


async def _invalid_text(scene: Scene) -> Outcome:
    if not scene.is_strict:
        return await _measured(scene)
    room = scene.room()
    messages = [scene.encode(type="chat", roomId=room, text=text) for text in INVALID_TEXTS]
    return await each_must_end(scene, (1008,), [*messages, scene.encode(type="chat", roomId=room)], room)


LENGTHS = (100, 500, 1000, 1001, 2000, 4000, 8000, 16000)
ODD = ("", 1, None, ["x"], {"x": 1}, True)


async def _measured(scene: Scene) -> Outcome:
    """Find out which texts this server accepts: its own limits are no fault. A crash is, and the canary shows it."""
    if not await _is_delivered(scene, "x"):
        raise NotSeen("whether the server accepts a text was not seen: not even 'x' came before a later answer")
    accepted = [repr(text) for text in ODD if await _is_delivered(scene, text)]
    lengths = [size for size in LENGTHS if await _is_delivered(scene, "x" * size)]
    most = f"up to {lengths[-1]} characters" if lengths else "none of these lengths"
    return held(f"it accepts {most}, and of the odd texts {', '.join(accepted) or 'none'}")


async def _is_delivered(scene: Scene, text: object) -> bool:
    room = scene.room()
    peer = await scene.enter(room)
    peer.send(type="chat", roomId=room, text=text)
    try:
        return any(one.get("type") == "chat" for one in await answers_before_ping(scene, peer) or ())
    finally:
        peer.drop()


INVALID_TEXT = Probe(
    id="validation/5",
    title="A text has 1 to 1000 characters",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="messages are used before they are validated",
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
    profile="article",
    promise=ARTICLE,
    requirement="Any text of 1 to 1000 UTF-16 units is valid, whatever its characters.",
    expected="each text as it was sent",
    fix="Do not trim or clean a text: validate it and forward it.",
    missing_test="Send 1000 characters, 500 emoji and line breaks; expect the same texts back.",
    run=_valid_text,
)
