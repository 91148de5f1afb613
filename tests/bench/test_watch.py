"""Watching a server from outside: figures, closes, and errors."""

import asyncio
import fcntl
import json
import socket
import struct
import termios
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from websockets.sync.client import connect

import labkit
from labkit.bench.launch.lab import Lab
from labkit.bench.watch import Watch
from tests.wire.raw import port_of, text, upgrade

ROOM = "room:watched"
HEADER_BYTES = 4  # of a frame of 126 to 65,535 bytes


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(name="watched", messages_per_s=None, ping_interval_s=1, outbox_age_s=None) as made:
        yield made


class Member:
    """A member on a plain socket that reads only when told to."""

    def __init__(self, lab: Lab, receive_buffer: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port_of(lab.url)))
        self.socket.sendall(upgrade())
        self.read_until(b"\r\n\r\n")
        self.socket.sendall(text({"type": "auth", "token": lab.token}))
        self.read_until(b"auth_ok")
        self.socket.sendall(text({"type": "join", "roomId": ROOM}))
        self.read_until(b'"joined"')
        time.sleep(0.3)
        self.in_kernel()
        self.socket.setblocking(False)
        while self.in_kernel():
            self.socket.recv(65536)

    def read_until(self, words: bytes) -> None:
        read = b""
        while words not in read:
            read += self.socket.recv(1)

    def in_kernel(self) -> int:
        """Return the bytes in its own receive buffer."""
        return int(struct.unpack("I", fcntl.ioctl(self.socket, termios.FIONREAD, bytes(4)))[0])


def test_watch_shows_connections_rooms_and_rates(lab: Lab) -> None:
    ana, ben = labkit.run(lab.client("ana")), labkit.run(lab.client("ben"))
    room = labkit.run(ana.join("room:one"))
    labkit.run(ben.join("room:one"))
    labkit.run(ben.join("room:two"))
    watch = lab.watch()
    watch.look()
    time.sleep(1.1)
    for number in range(30):
        labkit.run(room.chat(f"event {number}"))
    seen = watch.look()
    assert sorted(line.user for line in seen.connections) == ["ana", "ben"]
    assert dict(seen.rooms) == {"room:one": 2, "room:two": 1}
    delivered = watch.store.window("delivered per second").values[-1]
    received = watch.store.window("received per second").values[-1]
    assert delivered > received * 1.2  # each chat is one message in and two out; pings of the lab come in only
    watch.close()


def test_watch_reports_each_close_once(lab: Lab) -> None:
    watch = lab.watch()
    watch.look()
    with connect(lab.url) as stranger:
        stranger.send("this is no JSON")
        with pytest.raises(Exception, match="1008"):
            stranger.recv()
    ends = time.monotonic() + 10
    while not watch.closes and time.monotonic() < ends:
        time.sleep(0.2)
        watch.look()
    time.sleep(1.1)
    watch.look()
    assert [(closed.code, closed.times) for closed in watch.closes] == [("1008", 1)]


def test_watch_dead_server_raises_until_it_is_back(lab: Lab) -> None:
    watch = lab.watch()
    watch.look()
    lab.kill()
    with pytest.raises(OSError, match=r"refused|hung up|reset"):
        watch.look()
    lab.restart()
    assert watch.look().connections == ()


def test_watch_wrong_token_is_reported_without_it(lab: Lab) -> None:
    with pytest.raises(PermissionError, match="refuses the operations token") as refusal:
        Watch(lab.url, "wrong-bearer-token").look()
    assert "wrong-bearer-token" not in str(refusal.value)


def test_watch_http_error_raises() -> None:
    class Nonsense(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Nonsense)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(OSError, match="HTTP 500"):
        Watch(f"ws://127.0.0.1:{server.server_port}", "x").look()
    server.shutdown()
    server.server_close()


def test_watch_buffer_of_a_stalled_member_is_accurate(lab: Lab) -> None:
    """The true value is what was sent minus what its own kernel holds."""
    stalled = Member(lab, receive_buffer=8 * 1024)
    ana = labkit.run(lab.client("ana"))
    room = labkit.run(ana.join(ROOM))

    async def say(number: int) -> int:
        """Publish, and return the bytes of the frames that every member is sent."""
        events = await asyncio.gather(*(room.chat("x" * 900) for _ in range(number)))
        bodies = [json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() for event in events]
        return sum(len(body) + HEADER_BYTES for body in bodies)

    sent = labkit.run(say(500))
    time.sleep(0.5)
    watch = lab.watch()
    line = max(watch.look().connections, key=lambda each: each.outbox)
    truth = sent - stalled.in_kernel()
    assert truth > 200_000
    assert line.outbox > 0 and line.kernel > 0
    assert abs(line.outbox + line.kernel - truth) < 0.1 * truth
    stalled.socket.close()
    watch.close()
