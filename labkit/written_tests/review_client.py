"""The client of the tests beside this file. URL and TOKEN, or OPS_TOKEN, come from the environment.

It needs only `websockets`. In a text, $TOKEN stands for the token, $RESUME for the latest session, and $UNIQUE for
eight digits that differ in each run, so that a test can run again.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_S = float(os.environ.get("PATIENCE_S", "10"))  # longer than any deadline of the server
UNIQUE = secrets.token_hex(4)
latest = {"RESUME": ""}


def fill(text: str, escape: Callable[[str], str] = str) -> str:
    """Replace each name with its value."""
    text = text.replace("$UNIQUE", UNIQUE).replace("$RESUME", latest["RESUME"])
    for name in ("OPS_TOKEN", "TOKEN"):
        if f"${name}" in text:
            assert name in os.environ, f"set {name} in the environment: the tests contain no credential"
            text = text.replace(f"${name}", escape(os.environ[name]))
    return text


class Client:
    """One connection. It answers pings by itself."""

    ignored: tuple[dict[str, Any], ...] = ({"type": "reconnect"},)  # messages that may arrive at any time

    def __init__(self, path: str = "", headers: dict[str, str] | None = None) -> None:
        assert "URL" in os.environ, "set URL in the environment, such as ws://localhost:8080"
        named = {name: fill(value) for name, value in (headers or {}).items()}
        protocols: Any = [value for name, value in named.items() if name.lower() == "sec-websocket-protocol"]
        named = {name: value for name, value in named.items() if name.lower() != "sec-websocket-protocol"}
        options: dict[str, Any] = {"compression": None, "max_size": None, "ping_interval": None}
        path = fill(path, lambda value: quote(value, safe=""))
        url = os.environ["URL"] if not path else "/".join(os.environ["URL"].split("/")[:3]) + path
        options |= {"additional_headers": named, "subprotocols": protocols or None}
        self.ws = connect(url, proxy=None, **options).__enter__()  # the same object, or in new releases its maker

    def send(self, *texts: str) -> None:
        """Send messages, all in one write."""
        bodies = [fill(text, _escaped).encode("utf-8", "surrogatepass") for text in texts]
        self.send_bytes(b"".join(_frame(129, body, 128) for body in bodies))

    def send_frame(self, first: int, payload: str, mask: int = 128) -> None:
        """Send a frame with this first byte; the payload has one Latin-1 character for each byte."""
        self.send_bytes(_frame(first, fill(payload).encode("latin-1"), mask))

    def send_bytes(self, data: bytes | str) -> None:
        """Send raw bytes."""
        with suppress(OSError):  # the server has closed the connection: the next receive shows how
            self.ws.socket.sendall(fill(data).encode("latin-1") if isinstance(data, str) else data)

    def receive(self) -> dict[str, Any]:
        """Return the next message; `{"close": code}` if the connection ends. Fails if nothing arrives."""
        while True:
            try:
                body = self.ws.recv(timeout=PATIENCE_S)
            except TimeoutError:
                raise AssertionError(f"nothing arrived within {PATIENCE_S:g} s") from None
            except ConnectionClosed as end:
                return {"close": end.rcvd.code if end.rcvd else 1006}
            message = _parsed(body)
            latest["RESUME"] = message.get("resume") or latest["RESUME"]
            if not any(all(message.get(name) == value for name, value in one.items()) for one in self.ignored):
                return message

    def close_code(self) -> int:
        """Return the code with which the server closes now. Fails if it sends something else than an error."""
        while (message := self.receive()).get("type") == "error":
            pass
        assert "close" in message, f"the connection stays open: {message}"
        return int(message["close"])

    def until_close(self) -> list[Any]:
        """Return the type of each message until the connection ends, or nothing more arrives within a second."""
        types: list[Any] = []
        try:
            while "close" not in (message := _parsed(self.ws.recv(timeout=1))):
                types.append(message.get("type"))
        except (TimeoutError, ConnectionClosed):
            pass
        return types

    def is_open(self) -> bool:
        """Return whether the server still answers on this connection."""
        try:
            return bool(self.ws.ping().wait(PATIENCE_S))
        except ConnectionClosed:
            return False


def _escaped(value: str) -> str:
    return json.dumps(value)[1:-1]


def _frame(first: int, payload: bytes, mask: int) -> bytes:
    size = len(payload)
    head = [size] if size < 126 else [126, *size.to_bytes(2, "big")]
    head = head if size < 65536 else [127, *size.to_bytes(8, "big")]
    return bytes([first, head[0] | mask, *head[1:]]) + bytes(4 if mask else 0) + payload


def _parsed(body: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


@contextmanager
def clients() -> Iterator[Callable[..., Client]]:
    """Yield a function that opens a connection; all of them end with the block."""
    opened: list[Client] = []

    def client(path: str = "", headers: dict[str, str] | None = None) -> Client:
        opened.append(Client(path, headers))
        return opened[-1]

    yield client
    for one in opened:
        one.ws.socket.close()
