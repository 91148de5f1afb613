"""validation/15: JSON that is deeper than a stack."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    deep = "[" * 4000 + "]" * 4000
    for text in (deep, '{"type":' * 1000, '{"type":"ping","x":' + "[" * 3000 + "]" * 3000 + "}"):
        peer = await scene.enter()
        peer.text(text)
        peer.say(type="ping")
        ended = await peer.until_ended(0.2)
        while not ended:
            if (await peer.hear()).get("type") == "pong":
                break
            ended = peer.ended
        if ended and ended.code not in (1008, scene.target.dialect.code(1008)):
            return broken(str(ended))
    return held("refused with 1008, or taken, and the server lives on")


PROBE = Probe(
    id="validation/15",
    title="Deep JSON is no way to end a server",
    severity="P0",
    profile="core",
    requirement="A message may be refused, and nothing else may happen.",
    expected="close 1008 or an answer; the server goes on",
    fix="Catch the parser's error on depth as you catch the one on syntax.",
    missing_test="Send 4000 opening brackets and expect 1008.",
    run=_run,
    alone=True,
)
