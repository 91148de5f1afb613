"""Two readers of one request: the library, and ours for what every client sends."""

from random import Random

import pytest
from websockets.http11 import Request

from labkit.rules.limits import Limits
from labkit.wire.fast.usual_handshake import read_usual
from labkit.wire.frames import Frames
from tests.wire.raw import Raw, ask, serving, upgrade

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
NEEDED = [
    "Host: localhost:8080",
    "Upgrade: websocket",
    "Connection: Upgrade",
    f"Sec-WebSocket-Key: {KEY}",
    "Sec-WebSocket-Version: 13",
]
OF_A_BROWSER = [
    *("Pragma: no-cache", "Cache-Control: no-cache", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
    *("Origin: http://localhost:8080", "Accept-Encoding: gzip, deflate, br", "Accept-Language: de,en-US;q=0.7"),
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
]
SPECIAL = [
    *("X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Sec-WebSocket-Protocol: chat", "Content-Length: 5"),
    *("Transfer-Encoding: chunked", "Sec-WebSocket-Extensions: x-unknown", "Host: other", "X-Anything: 1"),
    *(" folded: 1", "Bad Name: 1", "NoColon", "Cookie: \x00", "Cookie: ", "Accept: caf\u00e9", "Origin: null"),
]


ODD = [b"", b" ", b"\t", b":", b"=", b"\r\n", b"\x80", b"a", b"A"]


def _head(lines: list[str], first: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")


def _answer_of_the_library(head: bytes) -> bytes:
    """Its response without the date; empty when it has none."""
    protocol = Frames(Limits())
    protocol.receive_data(head)
    events = protocol.events_received()
    if not events:
        return b""
    assert isinstance(events[0], Request)
    protocol.send_response(protocol.accept(events[0]))
    return _undated(b"".join(protocol.data_to_send()))


def _undated(answer: bytes) -> bytes:
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"Date: "))


@pytest.mark.parametrize("more", [[], OF_A_BROWSER], ids=["a program", "a browser"])
def test_usual_request_gets_the_librarys_answer(more: list[str]) -> None:
    """Byte for byte but for the date, which is there."""
    head = _head(NEEDED + more)
    usual = read_usual(head)
    assert usual is not None and usual.host == "localhost:8080"
    assert usual.origin == ("http://localhost:8080" if more else None)
    assert _undated(usual.answer()) == _answer_of_the_library(head)
    assert usual.answer().count(b"\r\nDate: ") == 1


@pytest.mark.parametrize("line", SPECIAL[:-1])
def test_a_request_with_anything_special_is_left_to_the_library(line: str) -> None:
    """Whatever the library makes of it."""
    assert read_usual(_head([*NEEDED, line])) is None


@pytest.mark.parametrize("requests", [5_000, pytest.param(100_000, marks=pytest.mark.matrix)])
def test_any_request_read_by_us_is_answered_as_by_the_library(requests: int) -> None:
    """Headers left out, doubled, shuffled, added, and bytes changed."""
    taken = 0
    for seed in range(requests):
        rng = Random(seed)
        head = _some_head(rng)
        usual = read_usual(head)
        if usual is not None:
            taken += 1
            assert _undated(usual.answer()) == _answer_of_the_library(head), (seed, head)
    assert requests / 10 < taken < requests * 9 / 10


def _some_head(rng: Random) -> bytes:
    lines = [line for line in NEEDED if rng.random() > 0.03] + [line for line in OF_A_BROWSER if rng.random() > 0.5]
    if rng.random() < 0.2:
        lines.append(rng.choice(SPECIAL + NEEDED))
    rng.shuffle(lines)
    first = rng.choices(["GET / HTTP/1.1", "GET /a?b=c HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/1.0"], [8, 4, 1, 1])[0]
    head = _head(lines, first)
    if rng.random() < 0.5:
        at = rng.randrange(len(head) - 4)
        head = (
            head[:at]
            + rng.choice([b"", b" ", b"\t", b":", b"=", b"\r\n", b"\x80", b"a", b"A"])
            + head[at + rng.randint(0, 1) :]
        )
    return head if head.count(b"\r\n\r\n") == 1 else _head(lines, first)


async def test_the_gate_judges_both_requests_alike() -> None:
    """A foreign page, a house that is full, frames right behind the request: the same on either way in."""
    async with serving(limits={"connections": 1}) as server:
        for special in ({}, {"X-Anything": "1"}):
            assert (await ask(server.url, upgrade(Origin="https://evil.example", **special))).status == 403
        await Raw.open(server.url)
        for special in ({}, {"X-Anything": "1"}):
            assert (await ask(server.url, upgrade(**special))).status == 503
