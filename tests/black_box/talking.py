"""Talking to a server: members, tickets, requests, and handshakes written by hand."""

import base64
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any

import websockets.sync.client as sync
from websockets.exceptions import ConnectionClosed, InvalidStatus


class Member:
    """A connection that is authenticated. `ok`: the answer to its login."""

    def __init__(self, url: str, token: str = "dev-token", room: str | None = None) -> None:
        self._connection = sync.connect(url, proxy=None, open_timeout=10, close_timeout=1)
        self.ok = self.ask(type="auth", token=token)
        if room:
            self.ask(type="join", roomId=room)

    def ask(self, *, timeout: float = 10, **message: object) -> dict[str, Any]:
        """Send a message; return the next one that arrives."""
        self._connection.send(json.dumps(message))
        return self.next(timeout)

    def next(self, timeout: float = 10) -> dict[str, Any]:
        """Return the next message."""
        received: dict[str, Any] = json.loads(self._connection.recv(timeout))
        return received

    def ping(self, timeout: float = 10) -> None:
        """Send a ping, and wait for its pong."""
        answer = self.ask(type="ping", timeout=timeout)
        while answer["type"] != "pong":
            answer = self.next(timeout)

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def code_of(closed: ConnectionClosed) -> int:
    """Return the code with which the server closed."""
    return closed.rcvd.code if closed.rcvd else 1006


def refusal(url: str, token: str = "dev-token") -> int | None:
    """Return the close code or HTTP status that a login gets; None if it is accepted."""
    try:
        Member(url, token).close()
    except ConnectionClosed as closed:
        return code_of(closed)
    except InvalidStatus as status:
        return status.response.status_code
    return None


def request(
    port: int, method: str, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, http.client.HTTPResponse]:
    """Send an HTTP request; return the status, the body and the rest."""
    connection = http.client.HTTPConnection("localhost", port, timeout=5)
    connection.request(method, path, headers=dict(headers or {}))
    got = connection.getresponse()
    return got.status, got.read(), got


def ticket(port: int, name: str, code: str) -> str:
    """Log in with a name and a code; return the ticket."""
    basic = "Basic " + base64.b64encode(f"{name}:{code}".encode()).decode()
    _, body, _ = request(port, "POST", "/ticket", {"Authorization": basic, "Content-Length": "0"})
    return str(json.loads(body)["ticket"])


def login_by_hand(port: int, headers: Mapping[str, str], token: str = "dev-token") -> int | str:
    """Shake hands with exactly these headers and log in; return the status or close code, or the answer's type."""
    lines = [
        "GET / HTTP/1.1",
        *(f"{name}: {value}" for name, value in ({"Host": f"localhost:{port}"} | dict(headers)).items()),
    ]
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock, sock.makefile("rb") as received:
        sock.sendall("\r\n".join(lines).encode())
        status = int(received.readline().split()[1])
        while received.readline().strip():
            pass
        if status != 101:
            return status
        payload = json.dumps({"type": "auth", "token": token}).encode()
        sock.sendall(bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        while True:
            opcode, size = received.read(2)
            body = received.read(int.from_bytes(received.read(2), "big") if size == 126 else size)
            if opcode & 15 == 8:
                return int.from_bytes(body[:2], "big")
            if opcode & 15 == 1:
                return str(json.loads(body)["type"])
