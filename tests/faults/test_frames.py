"""Where frames begin and end, in any chunks."""

import pytest
from hypothesis import given

from labkit.faults.frames import MOST_HEAD_BYTES, FrameCutter, Piece
from labkit.review.frames import PING, TEXT, frame
from tests.faults.streams import HEAD, cut_at, frame_lists, places
from tests.wire.raw import request

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\n\r\n"


def cut(chunks: list[bytes], cutter: FrameCutter | None = None) -> list[Piece]:
    """Cut a stream that arrives in these chunks."""
    cutter = cutter or FrameCutter()
    return [piece for chunk in chunks for piece in cutter.cut(chunk)]


def whole(pieces: list[Piece]) -> list[tuple[int | None, bool, bytes]]:
    """Join pieces into frames: opcode, whether final, bytes."""
    frames: list[tuple[int | None, bool, bytes]] = []
    for piece in pieces:
        if piece.begins:
            frames.append((piece.opcode, piece.is_final, b""))
        opcode, is_final, raw = frames[-1]
        assert (opcode, is_final) == (piece.opcode, piece.is_final)
        frames[-1] = (opcode, is_final, raw + piece.raw)
    return frames


@given(frame_lists, places)
def test_cutter_any_chunks_give_the_same_frames(frames: list[bytes], where: list[int]) -> None:
    pieces = cut(cut_at(HEAD + b"".join(frames), where))
    assert b"".join(piece.raw for piece in pieces) == HEAD + b"".join(frames)
    behind = [piece for piece in pieces if piece.opcode is not None]
    assert whole(behind) == [(raw[0] & 15, bool(raw[0] & 128), raw) for raw in frames]
    assert sum(piece.ends for piece in behind) == len(frames)


@pytest.mark.parametrize("size", [65535, 65536, 100_000])
@pytest.mark.parametrize("masked", [True, False])
def test_cutter_finds_long_frames(size: int, masked: bool) -> None:
    stream = [frame(TEXT, b"x" * size, masked=masked), frame(PING, b"")]
    pieces = cut([HEAD, *cut_at(b"".join(stream), range(0, size, 4096))])
    assert [raw for _, _, raw in whole(pieces[1:])] == stream


@given(frame_lists, places)
def test_cutter_copy_continues_at_the_same_position(frames: list[bytes], where: list[int]) -> None:
    """In the head, a header or a payload; neither copy moves the other."""
    chunks = cut_at(HEAD + b"".join(frames), where)
    cutter = FrameCutter()
    for number, chunk in enumerate(chunks):
        copied = cut(chunks[number:], cutter.copy())
        assert copied == cut(chunks[number:], cutter.copy())
        cutter.cut(chunk)
    assert cutter.is_between_frames


@pytest.mark.parametrize("head", [HEAD, ANSWER])
def test_cutter_frames_begin_after_the_head(head: bytes) -> None:
    cutter = FrameCutter()
    for at in range(len(head)):
        assert not cutter.is_between_frames
        assert cutter.cut(head[at : at + 1]) == [Piece(head[at : at + 1])]
    assert cutter.is_between_frames
    assert cutter.cut(frame(TEXT, b"hi", masked=False)) == [Piece(b"\x81\x02hi", TEXT, True, True, True)]


@pytest.mark.parametrize(
    "stream",
    [
        request("POST", "/ticket", {"Content-Length": "4"}, b"\x81\x05ab"),
        b"HTTP/1.1 200 OK\r\n\r\n\x81\x05hello",
        b"x" * MOST_HEAD_BYTES + b"\r\n\r\n\x81\x00",
        b"\x16\x03\x01" + bytes(range(256)) * 100,
    ],
    ids=["post", "plain answer", "no head", "tls"],
)
def test_cutter_other_protocols_have_no_frames(stream: bytes) -> None:
    for pieces in (cut([stream]), cut([stream[at : at + 100] for at in range(0, len(stream), 100)])):
        assert b"".join(piece.raw for piece in pieces) == stream
        assert {piece.opcode for piece in pieces} == {None}


def test_cutter_knows_frame_borders_to_the_byte() -> None:
    cutter = FrameCutter()
    cutter.cut(HEAD)
    raw = frame(TEXT, b"x" * 200)
    borders = []
    for at in range(len(raw)):
        cutter.cut(raw[at : at + 1])
        borders.append(cutter.is_between_frames)
    assert borders == [False] * (len(raw) - 1) + [True]


def test_cutter_last_fragment_ends_the_message() -> None:
    cutter = FrameCutter()
    cutter.cut(HEAD)
    parts = [frame(TEXT, b"a", fin=False), frame(PING, b""), frame(0, b"b", fin=False), frame(0, b"c")]
    assert [cutter.cut(part)[-1].ends_message for part in parts] == [False, False, False, True]
