"""What is fuzzed, each with what must hold whatever comes in. A target takes one input at a time and returns nothing.

decoder      text to a message or a refusal from the fixed list
session      messages and moments to actions; after a close there are none
credentials  a token that we did not write opens nothing
connections  whole connections: requests and frames, in odd pieces, through the real server without a socket
"""

import asyncio
import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any, get_args

from labkit.rules import actions
from labkit.rules.close_codes import MAX_REASON_BYTES, TABLE, CloseCode
from labkit.rules.credentials import Credentials, Rejected, Ticket, kind_of
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.limits import Limits
from labkit.rules.messages import FIELDS, InvalidMessage, Message, decode
from labkit.rules.session import TABLE as STEPS
from labkit.rules.session import Identity, Input, Session, State
from labkit.wire.connection import Connection
from labkit.wire.server import Server
from tests.fuzz.mutate import mutated

LIMITS = Limits()
REASONS = {field.reason for fields in FIELDS.values() for field in fields} | {
    "message too large",
    "invalid JSON",
    "message must be an object",
    "type is required",
    "unsupported type",
}
GOOD_MESSAGES = [
    json.dumps(message).encode()
    for message in (
        {"type": "auth", "token": "dev-token", "previous": "c-1"},
        {"type": "refresh", "token": "t.abc.def.ghi"},
        {"type": "join", "roomId": "room:demo", "since": {"epoch": "e1", "seq": 12}},
        {"type": "join", "roomId": "a"},
        {"type": "leave", "roomId": "room:demo"},
        {"type": "presence", "roomId": "room:demo"},
        {"type": "ping"},
        {"type": "chat", "roomId": "room:demo", "requestId": "r-1", "text": "hello \u00e4\u20ac"},
        {"type": "chat", "roomId": "a", "text": "x" * 1000, "more": [1, {"a": None}]},
        {"type": "progress", "roomId": "a", "jobId": "j", "phase": "p", "percent": 99.5, "note": "n"},
        {"type": "comment", "roomId": "a", "target": "t", "text": "c"},
        {"type": "read", "roomId": "a", "upTo": 7},
        {"type": "alert", "roomId": "a", "severity": "critical", "customer": "c", "text": "t"},
        {"type": "exercise", "roomId": "a", "exercise": "e", "status": "pass", "at": "2026-01-01T00:00:00Z", "n": 3},
    )
]

Feed = Callable[[Random], None]


def decoder() -> Feed:
    """Also: what passes is encoded and read back as the same message."""

    def feed(rng: Random) -> None:
        raw = mutated(rng.choice(GOOD_MESSAGES), rng, GOOD_MESSAGES).decode("utf-8", "replace").encode()
        try:
            message = decode(raw, LIMITS.max_message_bytes)
        except InvalidMessage as refusal:
            _check_refusal(str(refusal))
            return
        assert isinstance(message, Message)

    return feed


def session() -> Feed:
    """One session after the other, each until it has closed or has heard fifty inputs."""
    messages = [decode(good, LIMITS.max_message_bytes) for good in GOOD_MESSAGES]
    kinds = get_args(actions.Action)
    now, left, one = 0.0, 0, Session(LIMITS, 0.0)

    def begin(rng: Random) -> None:
        nonlocal left, one
        one, left = Session(LIMITS, now), 50
        one.happened(Input.HANDSHAKE)
        if rng.random() < 0.9:
            one.accepted(Identity("s", "u", EVERY_ROOM, now + 60))

    def feed(rng: Random) -> None:
        nonlocal now, left
        if left <= 0:
            begin(rng)
        now, left = now + rng.choice((0.0, 0.001, 0.1)), left - 1
        was = one.state
        if rng.random() < 0.1:
            given = rng.choice(list(STEPS[was]))
            one.happened(given)
            return
        action = one.receive(rng.choice(messages), now) if was is not State.CONNECTING else None
        assert one.state in STEPS
        assert action is None or isinstance(action, kinds)
        if was in (State.CLOSING, State.CLOSED):
            assert action is None, f"{action} after a close"
            left = min(left, 3)
        if isinstance(action, actions.Close):
            assert action.code in TABLE
            assert len(action.reason.encode()) <= MAX_REASON_BYTES
            assert one.state is State.CLOSING

    return feed


def credentials() -> Feed:
    """Only what was signed, letter for letter, is read; everything else is Rejected with a reason from the table."""
    signer, now = Credentials("abc", b"k" * 32), 1000.0
    identity = Identity("s-1", "ada", EVERY_ROOM, now + 60)
    good = [
        signer.ticket(Ticket("t-1", "ada", EVERY_ROOM, now + 60)).encode(),
        signer.resume(identity).encode(),
        b"dev-token",
        b"r.abc..",
    ]

    def feed(rng: Random) -> None:
        raw = mutated(rng.choice(good), rng, good)
        token = raw.decode("utf-8", rng.choice(("replace", "surrogateescape")))
        kind_of(token)
        for read in (signer.read_ticket, signer.read_resume):
            try:
                read(token, now)
            except Rejected as rejected:
                _check_rejection(rejected, token)
            else:
                assert token.encode("utf-8", "replace") in good, token

    return feed


def _check_refusal(reason: str) -> None:
    assert reason in REASONS
    assert len(reason.encode()) <= MAX_REASON_BYTES


def _check_rejection(rejected: Rejected, token: str) -> None:
    assert rejected.code in TABLE
    assert len(rejected.reason.encode()) <= MAX_REASON_BYTES
    assert token not in rejected.reason or len(token) < 12


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /connections HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ops\r\n\r\n",
    b"POST /ticket HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWRhOmNvcnJlY3Q=\r\nContent-Length: 0\r\n\r\n",
    b"POST /revoke/ada%20b HTTP/1.1\r\nAuthorization: Bearer ops-secret\r\n\r\n",
    b"HEAD /healthz HTTP/1.1\r\nAccept: text/html\r\n\r\n",
    b"GET /talk.js?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: bGFia2l0IGlzIGEgbGFiLg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
STATUSES = {101, 200, 400, 401, 403, 404, 405, 426, 429, 431, 503}


def frame(payload: bytes, opcode: int = 1, fin: bool = True) -> bytes:
    """A client's frame with a mask of zeros."""
    head = bytes(((0x80 if fin else 0) | opcode,))
    size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    return head + size + bytes(4) + payload


class Paper(asyncio.Transport):
    """A transport that writes on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.written += data

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5) if name == "peername" else default

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def connections() -> Feed:
    """Must be made, and fed, on a running loop. An exception that the hub caught is a fault as well: close 1011."""
    server = Server(token="dev-token", ops_token="ops-secret", limits=Limits(handshakes_per_s=None))
    hub = server._new_hub()
    http = server._new_http(hub)

    def stream(rng: Random) -> bytes:
        if rng.random() < 0.4:
            return mutated(rng.choice(REQUESTS), rng, REQUESTS)
        said = [frame(good) for good in rng.sample(GOOD_MESSAGES, rng.randrange(1, 5))]
        said.insert(0, frame(b'{"type":"auth","token":"dev-token"}'))
        said.append(frame(rng.randbytes(rng.randrange(20)), rng.randrange(16), rng.random() < 0.7))
        return UPGRADE + (mutated(b"".join(said), rng) if rng.random() < 0.8 else b"".join(said))

    def feed(rng: Random) -> None:
        data, connection, paper = stream(rng), Connection(hub, http), Paper()
        connection.connection_made(paper)
        cut = rng.randrange(len(data) + 1)
        for piece in (data[:cut], data[cut:]):
            if piece and not paper.closed:
                connection.data_received(piece)
        if rng.random() < 0.5 and not paper.closed:
            connection.eof_received()
        connection.write_due()
        connection.connection_lost(None)
        _check_written(bytes(paper.written))
        assert hub.state.counts.closed[CloseCode.SERVER_ERROR] == 0, "an exception was caught"
        assert not hub.state.connections and not hub.state.sockets

    return feed


def _check_written(written: bytes) -> None:
    """An HTTP answer with a status of ours; behind a 101, whole frames, and a short reason in the close frame."""
    if not written:
        return
    head, _, rest = written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), head
    status = int(head[9:12])
    assert status in STATUSES, head
    while status == 101 and rest:
        size, at = rest[1], 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(rest[2:at], "big")
        if rest[0] & 0x0F == 8:
            assert size <= 125 and size - 2 <= MAX_REASON_BYTES
            rest[at + 2 : at + size].decode("utf-8")
        assert len(rest) >= at + size, "half a frame"
        rest = rest[at + size :]


# Each with its share of the inputs, in percent.
TARGETS: dict[str, tuple[Callable[[], Feed], int]] = {
    "decoder": (decoder, 55),
    "session": (session, 25),
    "credentials": (credentials, 15),
    "connections": (connections, 5),
}
