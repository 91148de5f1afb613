"""How the server answers a client's pings."""

import re

from labkit.evidence import Outcome, broken, held
from labkit.review import frames
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, rfc
from labkit.review.scene import Scene

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


async def _ping_message(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send(type="ping")
    message = await peer.receive()
    is_right = message.get("type") == "pong" and TIME.fullmatch(str(message.get("sentAt")))
    return (held if is_right else broken)(f"the response was {message.get('type')}, sentAt {message.get('sentAt')}")


PING_MESSAGE = Probe(
    id="heartbeat/6",
    title="ping is answered with pong and the time",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    requirement="ping is answered with pong {sentAt}, because browsers cannot see protocol pings.",
    expected="pong with sentAt as ISO 8601",
    fix="Answer ping with pong and the server's time.",
    missing_test="Send ping and expect pong with sentAt.",
    run=_ping_message,
)


async def _pong_frame(scene: Scene) -> Outcome:
    peer = await scene.enter()
    payloads = [b"", b"abc", bytes(range(125))]
    for payload in payloads:
        peer.send_frame(frames.PING, payload)
    outcome = await must_be_well(peer)
    if outcome.verdict == "broken":
        return outcome
    return (held if peer.pongs == payloads else broken)(f"{len(peer.pongs)} pongs for {len(payloads)} pings")


PONG_FRAME = Probe(
    id="heartbeat/7",
    title="A ping frame is answered with its payload",
    severity="P1",
    profile="core",
    promise=rfc("5.5.3"),
    requirement="RFC 6455 5.5.3: a pong carries the payload of its ping.",
    expected="one pong per ping, with the same payload",
    fix="Let the WebSocket library answer ping frames.",
    missing_test="Send ping frames of 0, 3 and 125 bytes; expect the same payloads back.",
    run=_pong_frame,
)
