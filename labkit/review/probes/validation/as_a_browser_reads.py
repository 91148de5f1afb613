"""validation/11: JSON on which parsers disagree."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    first, last, half = (
        scene.encode(type=kind, roomId=room, text=text)
        for kind, text in (("nothing", "a"), ("chat", "b"), ("chat", "\ud83d"))
    )
    big = scene.encode(type="chat", roomId=room, text="big", n="large", m=123456789012345678901234567890)
    for text, wanted in (
        (f"{first[:-1]},{last[1:]}", "b"),
        (half, "\ud83d"),
        (big.replace('"large"', "1e999"), "big"),
    ):
        peer.sent_texts.add(wanted)
        peer.send_text(text)
        event = await peer.receive()
        if event.get("text") != wanted:
            return broken(f"{text[:60]}: the response was {event.get('type')} {event.get('text')!r:.30}")
    return held("the last duplicate key wins; half of a surrogate pair and large numbers are accepted")


PROBE = Probe(
    id="validation/11",
    title="JSON is parsed as in a browser",
    severity="P2",
    profile="full",
    requirement="The last duplicate key wins, and lone surrogate escapes are valid, as in JSON.parse.",
    expected="the events that a browser would see",
    fix="Use a parser that agrees with JSON.parse, so that a proxy cannot read a different message than you.",
    missing_test="Send duplicate keys and half of a surrogate pair.",
    run=_run,
)
