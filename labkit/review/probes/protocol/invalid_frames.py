"""Frames that violate RFC 6455, and binary messages."""

from labkit.evidence import Outcome, broken, held
from labkit.review import frames
from labkit.review.judge import each_must_end, must_end
from labkit.review.probe import Probe
from labkit.review.promise import KIT, rfc
from labkit.review.scene import Scene


async def _unmasked_frame(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send_frame(frames.TEXT, scene.encode(type="ping").encode(), masked=False)
    return await must_end(scene, peer, 1002, 1006, is_rfc=True)


UNMASKED_FRAME = Probe(
    id="protocol/1",
    title="An unmasked frame ends only its own connection",
    severity="P0",
    profile="core",
    promise=rfc("5.1"),
    cause="error events of a connection are not handled",
    if_alive="P2",
    requirement="RFC 6455 5.1: an unmasked frame closes the connection with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Refuse unmasked frames, and handle every error event: in Node an unhandled one ends the process.",
    missing_test="Send an unmasked frame; expect 1002, and expect another client to stay connected.",
    run=_unmasked_frame,
    alone=True,
)


async def _binary(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send_frame(frames.BINARY, scene.encode(type="ping").encode())
    return await must_end(scene, peer, 1003)


BINARY = Probe(
    id="protocol/4",
    title="A binary message is not treated as text",
    severity="P2",
    profile="full",
    promise=KIT,
    requirement="Messages are text; a binary message closes the connection with 1003.",
    expected="close 1003",
    fix="Check the frame type of a message before you read its bytes.",
    missing_test="Send a binary frame with JSON in it and expect 1003.",
    run=_binary,
)


BODIES = (b'{"type":"ping","x":"\xff"}', b"\xc0\xaf", b"\xed\xa0\x80", b'{"type":"ping","x":"\xe2\x82')


async def _invalid_utf8(scene: Scene) -> Outcome:
    return await each_must_end(scene, (1007,), BODIES)


INVALID_UTF8 = Probe(
    id="protocol/5",
    title="Text that is not UTF-8 is refused",
    severity="P2",
    profile="full",
    promise=rfc("8.1"),
    requirement="RFC 6455 8.1: text that is not valid UTF-8 closes the connection with 1007.",
    expected="close 1007 for each message",
    fix="Validate the bytes before you decode them; never replace invalid bytes.",
    missing_test="Send text frames with invalid UTF-8 and expect 1007.",
    run=_invalid_utf8,
    alone=True,
)


async def _reserved_bits_and_opcodes(scene: Scene) -> Outcome:
    for bits in ({"reserved": 4}, {"reserved": 2}, {"reserved": 1}):
        peer = await scene.connect()
        peer.send_frame(frames.TEXT, b"{}", **bits)
        outcome = await must_end(scene, peer, 1002, 1006, is_rfc=True)
        if outcome.verdict == "broken":
            return broken(f"{bits}: {outcome.actual}")
    for opcode in (3, 7, 11, 15):
        peer = await scene.connect()
        peer.send_frame(opcode, b"")
        outcome = await must_end(scene, peer, 1002, 1006, is_rfc=True)
        if outcome.verdict == "broken":
            return broken(f"opcode {opcode}: {outcome.actual}")
    return held("each of 7 frames ended its own connection")


RESERVED_BITS_AND_OPCODES = Probe(
    id="protocol/6",
    title="A reserved bit or opcode ends only its own connection",
    severity="P0",
    profile="core",
    promise=rfc("5.2"),
    cause="error events of a connection are not handled",
    if_alive="P2",
    requirement="RFC 6455 5.2: reserved bits and opcodes close the connection with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a frame with RSV1 set and one with opcode 3; expect 1002.",
    run=_reserved_bits_and_opcodes,
    alone=True,
)


async def _control_frames(scene: Scene) -> Outcome:
    for name, opcode, payload, fin in (
        ("a ping of 126 bytes", frames.PING, b"x" * 126, True),
        ("a fragmented ping", frames.PING, b"x", False),
        ("a fragmented close", frames.CLOSE, b"", False),
        ("a close of one byte", frames.CLOSE, b"\x03", True),
        ("a close with code 999", frames.CLOSE, (999).to_bytes(2, "big"), True),
        ("a close with code 1005", frames.CLOSE, (1005).to_bytes(2, "big"), True),
        ("a close with a reason that is not UTF-8", frames.CLOSE, b"\x03\xe8\xff", True),
    ):
        peer = await scene.connect()
        peer.send_frame(opcode, payload, fin=fin)
        outcome = await must_end(scene, peer, 1002, 1006, 1007, is_rfc=True)
        if outcome.verdict == "broken":
            return broken(f"{name}: {outcome.actual}")
    return held("each of 7 frames ended its own connection")


CONTROL_FRAMES = Probe(
    id="protocol/7",
    title="An invalid control frame ends only its own connection",
    severity="P0",
    profile="core",
    promise=rfc("5.5"),
    cause="error events of a connection are not handled",
    if_alive="P2",
    requirement="RFC 6455 5.5: a control frame that is fragmented or exceeds 125 bytes closes with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a ping of 126 bytes and a close of one byte; expect 1002.",
    run=_control_frames,
    alone=True,
)


async def _unexpected_fragments(scene: Scene) -> Outcome:
    lone, twice = await scene.connect(), await scene.connect()
    lone.send_frame(frames.CONTINUATION, b"{}")
    twice.send_frame(frames.TEXT, b"{", fin=False)
    twice.send_frame(frames.TEXT, b"}")
    for name, peer in {"a continuation without a first frame": lone, "a message inside another": twice}.items():
        outcome = await must_end(scene, peer, 1002, 1006, is_rfc=True)
        if outcome.verdict == "broken":
            return broken(f"{name}: {outcome.actual}")
    return held("both ended their own connection")


UNEXPECTED_FRAGMENTS = Probe(
    id="protocol/8",
    title="An unexpected fragment ends only its own connection",
    severity="P0",
    profile="core",
    promise=rfc("5.4"),
    cause="error events of a connection are not handled",
    if_alive="P2",
    requirement="RFC 6455 5.4: a fragment out of sequence closes the connection with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Handle the error event of every WebSocket.",
    missing_test="Send a continuation frame first and expect 1002.",
    run=_unexpected_fragments,
    alone=True,
)
