"""protocol/7: control frames that cannot be."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    for name, opcode, payload, fin in (
        ("a ping of 126 bytes", frames.PING, b"x" * 126, True),
        ("a fragmented ping", frames.PING, b"x", False),
        ("a fragmented close", frames.CLOSE, b"", False),
        ("a close of one byte", frames.CLOSE, b"\x03", True),
        ("a close with code 999", frames.CLOSE, (999).to_bytes(2, "big"), True),
        ("a close with code 1005", frames.CLOSE, (1005).to_bytes(2, "big"), True),
        ("a close with a reason that is no UTF-8", frames.CLOSE, b"\x03\xe8\xff", True),
    ):
        peer = await scene.connect()
        peer.frame(opcode, payload, fin=fin)
        seen = await must_end(scene, peer, 1002, 1006, 1007)
        if seen.verdict == "broken":
            return broken(f"{name}: {seen.actual}")
    return held("each of 7 ended its connection")


PROBE = Probe(
    id="protocol/7",
    title="Impossible control frames end one connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.5: control frames are whole and have at most 125 bytes; others close with 1002.",
    expected="close 1002 for this connection; every other goes on",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a ping of 126 bytes and a close of one byte; expect 1002.",
    run=_run,
    alone=True,
)
