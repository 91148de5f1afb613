"""protocol/15: a message in endless fragments."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send_frame(frames.TEXT, b"[" * 1000, fin=False)
    for _ in range(300):
        peer.send_frame(frames.CONTINUATION, b"[" * 1000, fin=False)
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None:
        return broken("the server buffers 300 KB of one message before auth")
    return (held if ended.code in (1008, 1009, 1006) else broken)(str(ended))


PROBE = Probe(
    id="protocol/15",
    title="The size of a fragmented message is limited",
    severity="P1",
    profile="full",
    requirement="The size of a message is limited, however many fragments it has.",
    expected="close 1008 or 1009 before the last fragment",
    fix="Count the bytes of all fragments, and close when they exceed the limit.",
    missing_test="Keep sending fragments of one message; expect 1008 or 1009.",
    run=_run,
    alone=True,
)
