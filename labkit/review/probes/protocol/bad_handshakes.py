"""protocol/17: handshakes that cannot be."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    for name, headers in {
        "no version": {"Sec-WebSocket-Version": ""},
        "version 7": {"Sec-WebSocket-Version": "7"},
        "a key that is none": {"Sec-WebSocket-Key": "short"},
    }.items():
        status = await scene.shake(await scene.dial(), headers=headers)
        if not 400 <= status < 500:
            return broken(f"{name}: HTTP {status}")
    return held("each of 3 was refused with HTTP 4xx")


PROBE = Probe(
    id="protocol/17",
    title="Broken handshakes are refused",
    severity="P2",
    profile="core",
    requirement="RFC 6455 4.2: a handshake without a proper version and key is refused.",
    expected="HTTP 400 or 426 for each",
    fix="Leave the handshake to the WebSocket library.",
    missing_test="Ask for version 7 and expect HTTP 4xx.",
    run=_run,
)
