"""validation/15: deeply nested JSON."""

from labkit.review.endpoint import ConnectionEnded
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    summary, deep = "the last one was accepted", "[" * 4000 + "]" * 4000
    inside = scene.encode(type="ping", x="deep").replace('"deep"', "[" * 3000 + "]" * 3000)
    for text in (deep, '{"type":' * 1000, inside):
        peer = await scene.enter()
        peer.send_text(text)
        try:
            await peer.received_so_far()
        except ConnectionEnded as ended:
            if ended.code not in (1006, 1008, scene.target.dialect.code(1008)):
                return broken(str(ended))
            summary = f"the last one: {ended}"
    return held(f"each message was refused or accepted, and the server still runs; {summary}")


PROBE = Probe(
    id="validation/15",
    title="Deeply nested JSON does not crash the server",
    severity="P0",
    profile="core",
    requirement="The server may refuse the message, and nothing else may happen.",
    expected="close 1008 or a response; the server keeps running",
    fix="Catch the parser's error for deep nesting like the one for bad syntax.",
    missing_test="Send 4000 opening brackets and expect 1008.",
    run=_run,
    alone=True,
)
