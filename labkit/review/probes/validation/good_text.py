"""validation/6: texts at the edge of what is allowed."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TEXTS = ("x", "x" * 1000, "\U0001f600" * 500, "\u00e4" * 1000, "line\nbreak\ttab\u2028", '"\\/', "\u200b")


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    speaker, listener = await scene.enter(room), await scene.enter(room)
    for text in TEXTS:
        speaker.chat(room, text)
        if (await listener.hear("chat")).get("text") != text:
            return broken(f"{text[:20]!r} came out changed")
    return held(f"each of {len(TEXTS)} texts came out as it went in")


PROBE = Probe(
    id="validation/6",
    title="What is allowed arrives unchanged",
    severity="P1",
    profile="core",
    requirement="1 to 1000 UTF-16 units of text pass, whatever they are.",
    expected="each text as it was sent",
    fix="Neither trim nor clean a text; check it and pass it on.",
    missing_test="Send 1000 characters, 500 emoji and line breaks; expect the same back.",
    run=_run,
)
