"""protocol/8: unexpected fragments."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    lone, twice = await scene.connect(), await scene.connect()
    lone.send_frame(frames.CONTINUATION, b"{}")
    twice.send_frame(frames.TEXT, b"{", fin=False)
    twice.send_frame(frames.TEXT, b"}")
    for name, peer in {"a continuation without a first frame": lone, "a message inside another": twice}.items():
        outcome = await must_end(scene, peer, 1002, 1006)
        if outcome.verdict == "broken":
            return broken(f"{name}: {outcome.actual}")
    return held("both ended their own connection")


PROBE = Probe(
    id="protocol/8",
    title="An unexpected fragment ends only its own connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.4: fragments of one message follow each other; otherwise close 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a continuation frame first and expect 1002.",
    run=_run,
    alone=True,
)
