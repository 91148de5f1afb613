"""protocol/15: a message in fragments without end."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.frame(frames.TEXT, b"[" * 1000, fin=False)
    for _ in range(300):
        peer.frame(frames.CONTINUATION, b"[" * 1000, fin=False)
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None:
        return broken("300 KB of one message are being kept, before auth")
    return (held if ended.code in (1008, 1009, 1006) else broken)(str(ended))


PROBE = Probe(
    id="protocol/15",
    title="A message cannot grow without end",
    severity="P1",
    profile="full",
    requirement="The size of a message is bounded, in however many fragments it comes.",
    expected="close 1008 or 1009 before the last fragment",
    fix="Add up the fragments and close when they are too many.",
    missing_test="Send fragments without end and expect 1008 or 1009.",
    run=_run,
    alone=True,
)
