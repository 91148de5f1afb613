"""protocol/8: fragments that belong to nothing."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    lone, twice = await scene.connect(), await scene.connect()
    lone.frame(frames.CONTINUATION, b"{}")
    twice.frame(frames.TEXT, b"{", fin=False)
    twice.frame(frames.TEXT, b"}")
    for name, peer in {"a continuation of nothing": lone, "a message inside another": twice}.items():
        seen = await must_end(scene, peer, 1002, 1006)
        if seen.verdict == "broken":
            return broken(f"{name}: {seen.actual}")
    return held("both ended their connection")


PROBE = Probe(
    id="protocol/8",
    title="Fragments out of place end one connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.4: fragments follow each other; others close with 1002.",
    expected="close 1002 for this connection; every other goes on",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a continuation frame first and expect 1002.",
    run=_run,
    alone=True,
)
