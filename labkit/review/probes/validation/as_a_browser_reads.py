"""validation/11: JSON that parsers read differently."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    peer = await scene.enter(room)
    first, last, half = (
        scene.words(type=kind, roomId=room, text=text)
        for kind, text in (("nothing", "a"), ("chat", "b"), ("chat", "\ud83d"))
    )
    big = scene.words(type="chat", roomId=room, text="big", n="large", m=123456789012345678901234567890)
    for text, wanted in (
        (f"{first[:-1]},{last[1:]}", "b"),
        (half, "\ud83d"),
        (big.replace('"large"', "1e999"), "big"),
    ):
        peer.words.add(wanted)
        peer.text(text)
        said = await peer.hear()
        if said.get("text") != wanted:
            return broken(f"{text[:60]}: answered with {said.get('type')} {said.get('text')!r:.30}")
    return held("the last duplicate key wins, half a pair passes, large numbers pass")


PROBE = Probe(
    id="validation/11",
    title="JSON is read as a browser reads it",
    severity="P2",
    profile="full",
    requirement="The last duplicate key wins, and lone surrogate escapes pass, as in JSON.parse.",
    expected="the events that a browser would see",
    fix="Choose a parser that agrees with JSON.parse, so that no proxy in between reads another message than you.",
    missing_test="Send duplicate keys and half a surrogate pair.",
    run=_run,
)
