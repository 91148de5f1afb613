"""protocol/6: reserved bits and opcodes."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    for bits in ({"reserved": 4}, {"reserved": 2}, {"reserved": 1}):
        peer = await scene.connect()
        peer.send_frame(frames.TEXT, b"{}", **bits)
        outcome = await must_end(scene, peer, 1002, 1006)
        if outcome.verdict == "broken":
            return broken(f"{bits}: {outcome.actual}")
    for opcode in (3, 7, 11, 15):
        peer = await scene.connect()
        peer.send_frame(opcode, b"")
        outcome = await must_end(scene, peer, 1002, 1006)
        if outcome.verdict == "broken":
            return broken(f"opcode {opcode}: {outcome.actual}")
    return held("each of 7 frames ended its own connection")


PROBE = Probe(
    id="protocol/6",
    title="A reserved bit or opcode ends only its own connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.2: reserved bits and opcodes close the connection with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a frame with RSV1 set and one with opcode 3; expect 1002.",
    run=_run,
    alone=True,
)
