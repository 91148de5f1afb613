"""protocol/6: bits and opcodes that mean nothing."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    for how in ({"reserved": 4}, {"reserved": 2}, {"reserved": 1}):
        peer = await scene.connect()
        peer.frame(frames.TEXT, b"{}", **how)
        seen = await must_end(scene, peer, 1002, 1006)
        if seen.verdict == "broken":
            return broken(f"{how}: {seen.actual}")
    for opcode in (3, 7, 11, 15):
        peer = await scene.connect()
        peer.frame(opcode, b"")
        seen = await must_end(scene, peer, 1002, 1006)
        if seen.verdict == "broken":
            return broken(f"opcode {opcode}: {seen.actual}")
    return held("each of 7 ended its connection")


PROBE = Probe(
    id="protocol/6",
    title="Reserved bits and opcodes end one connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.2: reserved bits and opcodes close the connection with 1002.",
    expected="close 1002 for this connection; every other goes on",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a frame with RSV1 set and one with opcode 3; expect 1002.",
    run=_run,
    alone=True,
)
