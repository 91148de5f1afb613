"""protocol/14: a request head without end."""

from labkit.review.finding import Seen, broken, held
from labkit.review.peer import END_OF_HEAD
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.transcript import literal


async def _run(scene: Scene) -> Seen:
    peer = await scene.dial()
    head = (
        f"{literal(scene.upgrade()[:-2])} + ''.join('X-%d: ' % n + 'x' * 4096 + '\\r\\n' for n in range(64)) + '\\r\\n'"
    )
    peer.note("-> a handshake with 64 headers of 4096 bytes", f"{peer.name} = Peer({peer.name!r}, {head})")
    for part in (scene.upgrade().encode()[:-2], *(f"X-{number}: {'x' * 4096}\r\n".encode() for number in range(64))):
        peer.transport.write(part)
        if await peer.until(lambda: peer.head or peer.is_lost, 0.01):
            break
    peer.transport.write(b"\r\n")  # a server that took all of it answers now
    if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s):
        return broken("256 KiB of headers were taken, and no answer came")
    if b" 101 " in peer.head[:20]:
        return broken("256 KiB of headers were taken, and answered with a WebSocket")
    return held(f"refused with {peer.head[:12].decode('latin-1') or 'the end of the connection'}")


PROBE = Probe(
    id="protocol/14",
    title="A request head has a largest size",
    severity="P1",
    profile="core",
    requirement="What is buffered before auth is bounded.",
    expected="an HTTP error or the end of the connection",
    fix="Bound the bytes of a request head.",
    missing_test="Send headers without end and expect to be refused.",
    run=_run,
    alone=True,
)
