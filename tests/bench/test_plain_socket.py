"""The minimal WebSocket client: any chunks give the same messages, and odd servers are reported."""

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from labkit.bench.plain_socket import PING, PONG, TEXT, CloseFrame, NotAWebSocket, PlainSocket, frame, text, upgrade
from labkit.review.frames import frame as server_frame

WELCOME = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
SAID = [{"type": "auth_ok"}, {"text": "x" * 130}, {"text": "ü" * 40_000}]


def stream() -> bytes:
    frames = [server_frame(TEXT, text_of(message), masked=False) for message in SAID]
    closing = server_frame(8, struct.pack("!H", 1013) + b"busy retry=1200", masked=False)
    return b"".join([WELCOME, *frames, server_frame(PING, b"hi", masked=False), closing])


def text_of(message: dict[str, str]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


@given(st.lists(st.integers(0, len(stream())), max_size=12))
def test_plain_socket_any_chunks_give_the_same_messages(cuts: list[int]) -> None:
    plain, taken, data = PlainSocket(), [], stream()
    edges = [0, *sorted(cuts), len(data)]
    for start, end in pairwise(edges):
        taken += plain.receive(data[start:end])
    assert taken == [*SAID, CloseFrame(1013, "busy retry=1200")]
    assert plain.pongs == frame(PONG, b"hi")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 8000])
def test_plain_socket_frames_match_the_library(size: int) -> None:
    reader = StreamReader()
    reader.feed_data(frame(TEXT, b"x" * size))
    parsing = Frame.parse(reader.read_exact, mask=True)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    assert done.value.value.opcode is Opcode.TEXT
    assert bytes(done.value.value.data) == b"x" * size
    assert text({"a": 1}).endswith(b'{"a":1}')


def test_plain_socket_refused_handshake_is_reported() -> None:
    with pytest.raises(NotAWebSocket, match=r"not a WebSocket server; it answered: HTTP/1\.1 503 Service Unavailable"):
        PlainSocket().receive(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n")


def test_plain_socket_endless_head_is_refused() -> None:
    with pytest.raises(NotAWebSocket):
        PlainSocket().receive(b"x" * 20_000)


def test_plain_socket_masked_or_fragmented_frame_is_refused() -> None:
    for odd in (server_frame(TEXT, b"{}"), server_frame(TEXT, b"{}", fin=False, masked=False)):
        with pytest.raises(ConnectionError):
            PlainSocket().receive(WELCOME + odd)


def test_upgrade_names_host_and_path() -> None:
    assert b"GET / HTTP/1.1\r\nHost: localhost:8080\r\n" in upgrade("ws://localhost:8080")
    assert b"GET /path HTTP/1.1\r\n" in upgrade("ws://localhost:8080/path")
