"""protocol/14: an oversized request head."""

from labkit.review.endpoint import END_OF_HEAD
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.transcript import literal


async def _run(scene: Scene) -> Outcome:
    peer = await scene.dial()
    headers = "''.join('X-%d: ' % n + 'x' * 4096 + '\\r\\n' for n in range(64))"
    head = f"{literal(scene.upgrade_request()[:-2])} + {headers} + '\\r\\n'"
    peer.note("-> a handshake with 64 headers of 4096 bytes", f"{peer.name} = Peer({peer.name!r}, {head})")
    for part in (
        scene.upgrade_request().encode()[:-2],
        *(f"X-{number}: {'x' * 4096}\r\n".encode() for number in range(64)),
    ):
        peer.transport.write(part)
        if await peer.until(lambda: peer.head or peer.is_lost, 0.01):
            break
    peer.transport.write(b"\r\n")  # a server that accepted all of it responds now
    if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s):
        return broken("the server read 256 KiB of headers and did not respond")
    if b" 101 " in peer.head[:20]:
        return broken("the server accepted 256 KiB of headers and opened a WebSocket")
    return held(f"refused with {peer.head[:12].decode('latin-1') or 'the end of the connection'}")


PROBE = Probe(
    id="protocol/14",
    title="The size of a request head is limited",
    severity="P1",
    profile="core",
    requirement="The bytes buffered before auth are limited.",
    expected="an HTTP error, or the end of the connection",
    fix="Limit the bytes of a request head.",
    missing_test="Send endless headers, and expect the request to be refused.",
    run=_run,
    alone=True,
)
