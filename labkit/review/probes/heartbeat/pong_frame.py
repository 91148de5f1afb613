"""heartbeat/7: protocol pings from the client."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    payloads = [b"", b"abc", bytes(range(125))]
    for payload in payloads:
        peer.send_frame(frames.PING, payload)
    outcome = await must_be_well(peer)
    if outcome.verdict == "broken":
        return outcome
    return (held if peer.pongs == payloads else broken)(f"{len(peer.pongs)} pongs for {len(payloads)} pings")


PROBE = Probe(
    id="heartbeat/7",
    title="A ping frame is answered with its payload",
    severity="P1",
    profile="core",
    requirement="RFC 6455 5.5.3: a pong carries the payload of its ping.",
    expected="one pong per ping, with the same payload",
    fix="Let the WebSocket library answer ping frames.",
    missing_test="Send ping frames of 0, 3 and 125 bytes; expect the same payloads back.",
    run=_run,
)
