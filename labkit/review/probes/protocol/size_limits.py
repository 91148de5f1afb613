"""Types, frames, messages and request heads that are too large."""

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import END_OF_HEAD
from labkit.review.judge import must_end
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.responses import status_of
from labkit.review.scene import Scene
from labkit.review.transcript import literal


async def _long_type(scene: Scene) -> Outcome:
    peer = await scene.newcomer()
    peer.send(type="x" * 200)
    return await must_end(scene, peer, 1008)


LONG_TYPE = Probe(
    id="protocol/2",
    title="A long type ends only its own connection",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="reasons and errors repeat what the client sent",
    if_alive="P2",
    requirement="A close reason has at most 123 bytes and never contains what the client sent.",
    expected="close 1008 for this connection; all others stay open",
    fix="Close with a constant reason: a WebSocket library throws if a reason is too long.",
    missing_test="Send a type of 200 characters; expect 1008, and that another client stays connected.",
    run=_long_type,
    alone=True,
)


REFUSED_S = 3.0  # a header is refused as soon as it arrives
ANNOUNCED = 90 * 2**20


async def _giant_frame(scene: Scene) -> Outcome:
    idle, peer = await scene.connect(), await scene.connect()
    peer.send_bytes(b"\x81\xff" + ANNOUNCED.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 2**18)
    ended = await peer.until_ended(min(scene.target.patience_s, REFUSED_S))
    if ended is None or (idle.ended is not None and idle.ended.code == ended.code):
        return broken("the server buffers a frame of 90 MiB before auth")
    is_right = not scene.is_strict or ended.code in (1009, 1006, scene.target.dialect.code(1009))
    return (held if is_right else broken)(str(ended))


GIANT_FRAME = Probe(
    id="protocol/3",
    title="An oversized frame is refused from its header",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="the size of a message is checked only after it was buffered",
    requirement="A frame over 64 KiB is refused with 1009 as soon as its header arrives, before it is buffered.",
    expected="close 1009 before the frame has arrived",
    fix="Set the library's maximum payload (maxPayload in Node's ws); checking the whole message is too late.",
    missing_test="Announce a frame of 90 MiB, and expect 1009 before it is sent.",
    run=_giant_frame,
    alone=True,
)


async def _giant_head(scene: Scene) -> Outcome:
    outcome = await _head_of(scene, 64)
    if outcome.verdict == "broken" and not scene.is_strict:  # its limit may be higher than ours
        return await _head_of(scene, 1024)
    return outcome


async def _head_of(scene: Scene, count: int) -> Outcome:
    """Send a request head with so many headers of 4 KiB."""
    idle, peer = await scene.dial(), await scene.dial()
    headers = f"''.join('X-%d: ' % n + 'x' * 4096 + '\\r\\n' for n in range({count}))"
    head = f"{literal(scene.upgrade_request()[:-2])} + {headers} + '\\r\\n'"
    peer.note(f"-> a handshake with {count} headers of 4096 bytes", f"{peer.name} = Peer({peer.name!r}, {head})")
    for part in (
        scene.upgrade_request().encode()[:-2],
        *(f"X-{number}: {'x' * 4096}\r\n".encode() for number in range(count)),
    ):
        peer.transport.write(part)
        if await peer.until(lambda: peer.head or peer.is_lost, 0.64 / count):
            break
    peer.transport.write(b"\r\n")  # a server that accepted all of it responds now
    if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, scene.target.patience_s):
        return broken(f"the server read {4 * count} KiB of headers and did not respond")
    return _judged(idle, peer, f"{4 * count} KiB of headers")


def _judged(idle: Peer, peer: Peer, size: str) -> Outcome:
    status = status_of(peer.head) if END_OF_HEAD in peer.head else 0
    if status == 101:
        return broken(f"the server accepted {size} and opened a WebSocket")
    if 200 <= status < 400:
        return broken(f"the server accepted {size} and answered with HTTP {status}")
    if status in (429, 503):
        raise NotSeen(f"HTTP {status} is the answer of a busy server: whether it accepts {size} was not seen")
    if not status and idle.is_lost:
        raise NotSeen(f"a connection without {size} ended too, so a refusal was not seen")
    return held(f"refused with {peer.head[:12].decode('latin-1') or 'the end of the connection'}")


GIANT_HEAD = Probe(
    id="protocol/14",
    title="The size of a request head is limited",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="The bytes buffered before auth are limited.",
    expected="an HTTP error, or the end of the connection",
    fix="Limit the bytes of a request head.",
    missing_test="Send endless headers, and expect the request to be refused.",
    run=_giant_head,
    alone=True,
)


async def _endless_message(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send_frame(frames.TEXT, b"[" * 1000, fin=False)
    for _ in range(300):
        peer.send_frame(frames.CONTINUATION, b"[" * 1000, fin=False)
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None:
        return broken("the server buffers 300 KB of one message before auth")
    return (held if ended.code in (1008, 1009, 1006) else broken)(str(ended))


ENDLESS_MESSAGE = Probe(
    id="protocol/15",
    title="The size of a fragmented message is limited",
    severity="P1",
    profile="full",
    promise=DANGER,
    cause="the size of a message is checked only after it was buffered",
    requirement="The size of a message is limited, however many fragments it has.",
    expected="close 1008 or 1009 before the last fragment",
    fix="Count the bytes of all fragments, and close when they exceed the limit.",
    missing_test="Keep sending fragments of one message; expect 1008 or 1009.",
    run=_endless_message,
    alone=True,
)
