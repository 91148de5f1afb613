"""protocol/3: a frame that announces 90 MiB."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

ANNOUNCED = 90 * 2**20


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.raw(b"\x81\xff" + ANNOUNCED.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 2**18)
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None:
        return broken("a frame of 90 MiB is being taken, before auth")
    return (held if ended.code in (1009, 1006, scene.target.dialect.code(1009)) else broken)(str(ended))


PROBE = Probe(
    id="protocol/3",
    title="A giant frame is refused from its header",
    severity="P0",
    profile="core",
    requirement="A frame over 64 KiB is refused with 1009 from its header, before it is buffered.",
    expected="close 1009 before the frame has come",
    fix="Tell the library the largest payload (in Node's ws: maxPayload); a check of the message comes too late.",
    missing_test="Announce a frame of 90 MiB and expect 1009 before it is sent.",
    run=_run,
    alone=True,
)
