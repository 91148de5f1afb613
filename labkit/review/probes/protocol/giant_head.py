"""protocol/14: a request head without end."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.dial()
    peer.transport.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    for number in range(64):
        peer.transport.write(f"X-{number}: ".encode() + b"x" * 4096 + b"\r\n")
        if await peer.until(lambda: peer.head or peer.is_lost, 0.01):
            break
    await peer.until(lambda: peer.head or peer.is_lost, 1)
    if not peer.head and not peer.is_lost:
        return broken("256 KiB of headers were taken")
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
