"""protocol/7: invalid control frames."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    for name, opcode, payload, fin in (
        ("a ping of 126 bytes", frames.PING, b"x" * 126, True),
        ("a fragmented ping", frames.PING, b"x", False),
        ("a fragmented close", frames.CLOSE, b"", False),
        ("a close of one byte", frames.CLOSE, b"\x03", True),
        ("a close with code 999", frames.CLOSE, (999).to_bytes(2, "big"), True),
        ("a close with code 1005", frames.CLOSE, (1005).to_bytes(2, "big"), True),
        ("a close with a reason that is not UTF-8", frames.CLOSE, b"\x03\xe8\xff", True),
    ):
        peer = await scene.connect()
        peer.send_frame(opcode, payload, fin=fin)
        outcome = await must_end(scene, peer, 1002, 1006, 1007)
        if outcome.verdict == "broken":
            return broken(f"{name}: {outcome.actual}")
    return held("each of 7 frames ended its own connection")


PROBE = Probe(
    id="protocol/7",
    title="An invalid control frame ends only its own connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.5: control frames are not fragmented and have at most 125 bytes; others close with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a ping of 126 bytes and a close of one byte; expect 1002.",
    run=_run,
    alone=True,
)
