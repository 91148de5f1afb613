"""JSON that is invalid, ambiguous or deeply nested."""

from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import each_must_end, must_be_refusal
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER, KIT
from labkit.review.scene import Scene


async def _not_json(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping")
    nearly = (ping.replace('"', "'"), f"{ping} x", f"{ping[:-1]},}}", f"\ufeff{ping}")
    return await each_must_end(scene, (1008,), ("", "{", "nonsense", *nearly, "\0"))


NOT_JSON = Probe(
    id="validation/1",
    title="Text that is not JSON is refused",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="messages are used before they are validated",
    requirement="Invalid JSON closes the connection with 1008; JSON is parsed as in a browser.",
    expected="close 1008 for each message",
    fix="Catch the parser's error and close with 1008.",
    missing_test="Send half an object, single quotes, a BOM and an empty message; expect 1008.",
    run=_not_json,
)


async def _not_an_object(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping")
    return await each_must_end(scene, (1008,), ("null", "[]", f"[{ping}]", "1", "true", '"ping"'))


NOT_AN_OBJECT = Probe(
    id="validation/2",
    title="JSON that is not an object is refused",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="messages are used before they are validated",
    requirement="A message is a JSON object; anything else closes the connection with 1008.",
    expected="close 1008 for each message",
    fix="Check that the value is an object, not an array or null, before you read its fields.",
    missing_test="Send null, a list, a number and a string; expect 1008.",
    run=_not_an_object,
)


NUMBERS = ("NaN", "Infinity", "-Infinity", "01", "1.", "+1", "0x1")


async def _invalid_numbers(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping", n="number")
    return await each_must_end(scene, (1008,), [ping.replace('"number"', number) for number in NUMBERS])


INVALID_NUMBERS = Probe(
    id="validation/10",
    title="NaN is not valid JSON",
    severity="P2",
    profile="article",
    promise=ARTICLE,
    requirement="JSON is parsed like JavaScript's JSON.parse, which refuses NaN and Infinity.",
    expected="close 1008 for each message",
    fix="Use a strict parser; Python's json accepts NaN by default.",
    missing_test="Send NaN, Infinity and 01 as numbers; expect 1008.",
    run=_invalid_numbers,
)


async def _as_a_browser_reads(scene: Scene) -> Outcome:
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


AS_A_BROWSER_READS = Probe(
    id="validation/11",
    title="JSON is parsed as in a browser",
    severity="P2",
    profile="full",
    promise=KIT,
    requirement="The last duplicate key wins, and lone surrogate escapes are valid, as in JSON.parse.",
    expected="the events that a browser would see",
    fix="Use a parser that agrees with JSON.parse, so that a proxy cannot read the message differently.",
    missing_test="Send duplicate keys and a lone surrogate, and expect what JSON.parse returns.",
    run=_as_a_browser_reads,
)


async def _deep_nesting(scene: Scene) -> Outcome:
    summary, deep = "the last one was accepted", "[" * 4000 + "]" * 4000
    inside = scene.encode(type="ping", x="deep").replace('"deep"', "[" * 3000 + "]" * 3000)
    for text in (deep, '{"type":' * 1000, inside):
        peer = await scene.enter()
        peer.send_text(text)
        try:
            await peer.received_so_far()
        except ConnectionEnded as ended:
            if scene.is_strict and ended.code not in (1006, 1008, scene.target.dialect.code(1008)):
                return broken(str(ended))
            if not scene.is_strict:
                must_be_refusal(scene, ended)
            summary = f"the last one: {ended}"
    return held(f"each message was refused or accepted, and the server still runs; {summary}")


DEEP_NESTING = Probe(
    id="validation/15",
    title="Deeply nested JSON does not crash the server",
    severity="P0",
    profile="core",
    promise=DANGER,
    if_alive="P2",
    requirement="The server may refuse the message, but it must not crash.",
    expected="close 1008 or a response; the server keeps running",
    fix="Catch the parser's nesting error, too, as you do the one for bad syntax.",
    missing_test="Send 4000 opening brackets and expect 1008.",
    run=_deep_nesting,
    alone=True,
)
