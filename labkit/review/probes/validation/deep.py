"""validation/15: JSON that is deeper than a stack."""

from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    told, deep = "the last was taken", "[" * 4000 + "]" * 4000
    inside = scene.words(type="ping", x="deep").replace('"deep"', "[" * 3000 + "]" * 3000)
    for text in (deep, '{"type":' * 1000, inside):
        peer = await scene.enter()
        peer.text(text)
        try:
            await peer.everything()
        except Ended as ended:
            if ended.code not in (1006, 1008, scene.target.dialect.code(1008)):
                return broken(str(ended))
            told = f"the last: {ended}"
    return held(f"refused or taken, and the server lives on; {told}")


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
