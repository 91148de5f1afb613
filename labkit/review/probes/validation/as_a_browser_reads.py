"""validation/11: JSON that parsers read differently."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    peer = await scene.enter(room)
    for text, wanted in (
        (f'{{"type":"nothing","type":"chat","roomId":"{room}","text":"a","text":"b"}}', "b"),
        (f'{{"type":"chat","roomId":"{room}","text":"\\ud83d"}}', "\ud83d"),
        (f'{{"type":"chat","roomId":"{room}","text":"big","n":1e999,"m":123456789012345678901234567890}}', "big"),
    ):
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
