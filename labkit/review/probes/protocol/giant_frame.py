"""protocol/3: a frame header that announces 90 MiB."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

ANNOUNCED = 90 * 2**20


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send_bytes(b"\x81\xff" + ANNOUNCED.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 2**18)
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None:
        return broken("the server buffers a frame of 90 MiB before auth")
    return (held if ended.code in (1009, 1006, scene.target.dialect.code(1009)) else broken)(str(ended))


PROBE = Probe(
    id="protocol/3",
    title="An oversized frame is refused from its header",
    severity="P0",
    profile="core",
    requirement="A frame over 64 KiB is refused with 1009 from its header, before it is buffered.",
    expected="close 1009 before the frame has arrived",
    fix="Set the library's maximum payload (maxPayload in Node's ws); checking the whole message is too late.",
    missing_test="Announce a frame of 90 MiB, and expect 1009 before it is sent.",
    run=_run,
    alone=True,
)
