"""validation/8: messages at and over the size limit."""

from contextlib import suppress

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.judge import each_must_end, must_be_refusal
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

SIZES = tuple(2**power for power in range(12, 21))  # 4 KiB to 1 MiB
PARTS = 8
BRIEF_S = 2.0  # for a second pong, when no other answer follows


def _ping_of(size: int, scene: Scene) -> str:
    bare = len(scene.encode(type="ping", pad=""))
    return scene.encode(type="ping", pad="x" * (size - bare))


async def _run(scene: Scene) -> Outcome:
    if not scene.is_strict and "max_message_bytes" not in scene.promised.declared:
        return await _measured(scene)
    limit = int(scene.promised.max_message_bytes)
    peer = await scene.enter()
    peer.send_text(_ping_of(limit, scene))
    if (await peer.receive()).get("type") != "pong":
        return broken(f"a message of {limit} bytes was refused")
    if await _passes(scene, limit + 1, PARTS):
        return broken(f"a message of {limit + 1} bytes passes in {PARTS} fragments")
    outcome = await each_must_end(scene, (1008, 1009), [_ping_of(limit + 1, scene)])
    return outcome if outcome.verdict == "broken" else held(f"{limit} bytes are accepted; one more: {outcome.actual}")


async def _measured(scene: Scene) -> Outcome:
    """Find this server's own limit. It is broken if the server breaks it itself: if fragments get past it."""
    largest = 0
    for size in SIZES:
        if not await _passes(scene, size):
            break
        largest = size
    else:
        return held(f"messages of {largest} bytes are accepted; no limit up to there")
    if await _passes(scene, size, PARTS):
        return broken(f"a message of {size} bytes is refused in one frame, but passes in {PARTS} fragments")
    return held(f"{largest} bytes are accepted, {size} are refused, in one frame and in fragments")


async def _passes(scene: Scene, size: int, parts: int = 1) -> bool:
    """Return whether a ping of `size` bytes, sent in so many frames, is answered with a pong.

    Raises NotSeen if the server shows neither that nor a refusal.
    """
    peer = await scene.enter()
    body = _ping_of(size, scene).encode()
    step = -(-len(body) // parts)
    for start in range(0, len(body), step):
        opcode = frames.CONTINUATION if start else frames.TEXT
        peer.send_frame(opcode, body[start : start + step], fin=start + step >= len(body))
    try:
        return await _is_answered(scene, peer)
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
        return False
    except ReceiveTimeout as timeout:
        raise NotSeen(f"neither a refusal of {size} bytes nor an answer was seen: {timeout}") from None
    finally:
        peer.drop()


async def _is_answered(scene: Scene, peer: Peer) -> bool:
    """Return whether a pong comes before the answer to a join, or beside that to another ping if there is no join."""
    dialect = scene.target.dialect
    if dialect.lacks_message("join") or "joined" in dialect.no_answers or dialect.keeps_to_one_room:
        await peer.received_so_far()  # one pong comes in any case, if the server has read both
        with suppress(ReceiveTimeout):
            await peer.receive("pong", BRIEF_S)
            return True
        return False
    peer.send(type="join", roomId=scene.room("control"))
    while (kind := (await peer.receive()).get("type")) != "joined":
        if kind == "pong":
            return True
    return False


PROBE = Probe(
    id="validation/8",
    title="The size of a message is limited",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="A message is at most 8192 bytes, however many frames it comes in; a larger one closes with 1008.",
    expected="8192 bytes are accepted, 8193 bytes close the connection",
    fix="Compare the number of bytes of the whole message before you parse the text.",
    missing_test="Send 8192 and 8193 bytes, the latter in fragments too; expect only the former to pass.",
    run=_run,
)
