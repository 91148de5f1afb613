"""protocol/17: invalid handshakes."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    for name, headers in {
        "no version": {"Sec-WebSocket-Version": ""},
        "version 7": {"Sec-WebSocket-Version": "7"},
        "an invalid key": {"Sec-WebSocket-Key": "short"},
    }.items():
        status = await scene.handshake(await scene.dial(), headers=headers)
        if not 400 <= status < 500:
            return broken(f"{name}: HTTP {status}")
    return held("each of 3 handshakes was refused with HTTP 4xx")


PROBE = Probe(
    id="protocol/17",
    title="Invalid handshakes are refused",
    severity="P2",
    profile="core",
    requirement="RFC 6455 4.2: a handshake without a valid version and key is refused.",
    expected="HTTP 400 or 426 for each handshake",
    fix="Let the WebSocket library do the handshake.",
    missing_test="Request version 7 and expect HTTP 4xx.",
    run=_run,
)
