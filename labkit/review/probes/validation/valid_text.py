"""validation/6: valid texts at the limits."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TEXTS = ("x", "x" * 1000, "\U0001f600" * 500, "\u00e4" * 1000, "line\nbreak\ttab\u2028", '"\\/', "\u200b")


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for text in TEXTS:
        sender.chat(room, text)
        if (await receiver.receive("chat")).get("text") != text:
            return broken(f"{text[:20]!r} arrived changed")
    return held(f"each of {len(TEXTS)} texts arrived unchanged")


PROBE = Probe(
    id="validation/6",
    title="A valid text arrives unchanged",
    severity="P1",
    profile="core",
    requirement="1 to 1000 UTF-16 units of text are valid, whatever the characters.",
    expected="each text as it was sent",
    fix="Do not trim or clean a text: validate it and forward it.",
    missing_test="Send 1000 characters, 500 emoji and line breaks; expect the same texts back.",
    run=_run,
)
