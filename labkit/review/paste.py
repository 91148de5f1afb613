"""What a reproduction begins with: a WebSocket client of few lines, with nothing but Python's standard library.

A report prints this file in front of the steps of a finding, to be pasted into a shell. So nothing of ours is imported,
and there is no exclamation mark, which a shell would take for history.
"""

import getpass
import json
import os
import socket
import ssl
import time


def fill(text: str) -> str:
    """The text with each credential that it names: from the environment, or asked for."""
    for name in ("OPS_TOKEN", "TOKEN", "TICKET"):
        if "$" + name in text and not os.environ.get(name):
            try:
                os.environ[name] = getpass.getpass("$" + name + ": ")
            except EOFError:
                raise SystemExit("set " + name + " in the environment, and run this again") from None
        text = text.replace("$" + name, os.environ.get(name, ""))
    return text


def says(message: object, path: str) -> object:
    """What a message says in a field; a dot leads into an object."""
    for part in path.split("."):
        message = message.get(part) if isinstance(message, dict) else None
    return message


class Peer:
    """One connection; it prints what it hears."""

    address = ("localhost", 80)
    cafile: "str | None" = None
    is_tls = False
    resume = ""
    passed_over: "tuple[dict[str, object], ...]" = ()  # what may be told at any time, by its fields

    def __init__(self, name: str, head: str, receive_buffer: int = 0) -> None:
        self.name, self.got, self.how = name, b"", "the connection ended"
        try:
            self.sock = socket.create_connection(self.address, 10)
        except OSError as error:  # the server may be gone by now: the steps to come show that too
            self.sock, self.how = socket.socket(), "no connection: " + str(error)
            print(name, "<", self.how)
            return
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if self.is_tls:
            context = ssl.create_default_context(cafile=self.cafile)
            self.sock = context.wrap_socket(self.sock, server_hostname=self.address[0])
        self.raw(fill(head).encode())
        while b"\r\n\r\n" not in self.got and self.more():
            pass
        answer, _, self.got = self.got.partition(b"\r\n\r\n")
        print(name, "<", answer.split(b"\r\n")[0].decode() or self.how)

    def more(self) -> bool:
        """Wait for bytes; whether there were any."""
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            self.how = "nothing for 10 s" if isinstance(error, TimeoutError) else self.how
            return False
        self.got += data
        return bool(data)

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            print(self.name, "> not sent:", error)

    def frame(self, first: int, payload: bytes, mask: int = 128) -> None:
        """Send a frame: its first byte, and what it carries."""
        size = len(payload)
        head = [size] if size < 126 else [126, *size.to_bytes(2, "big")]
        head = head if size < 65536 else [127, *size.to_bytes(8, "big")]
        self.raw(bytes([first, head[0] | mask, *head[1:]]) + bytes(4 if mask else 0) + payload)

    def say(self, text: str) -> None:
        """Send a text."""
        self.frame(129, fill(text.replace("$RESUME", Peer.resume)).encode("utf-8", "surrogatepass"))

    def next(self) -> "tuple[int, bytes] | None":
        """The next frame: its opcode, and what it carries; nothing when none comes."""
        while True:
            size, at = (self.got[1] & 127, 2) if len(self.got) > 1 else (0, 2)
            if size > 125:
                at = 4 if size == 126 else 10
                size = int.from_bytes(self.got[2:at], "big")
            if len(self.got) >= at + size:
                opcode, payload, self.got = self.got[0] & 15, self.got[at : at + size], self.got[at + size :]
                return opcode, payload
            if not self.more():
                return None

    def hear(self, quiet: bool = False) -> None:
        """Print the next message, or how the connection ended. Pings are answered."""
        opcode, payload = self.next() or (8, None)
        if payload is None:
            print(self.name, "<", self.how)
        elif opcode == 8:
            print(self.name, "< close", int.from_bytes(payload[:2], "big"), payload[2:])
        elif opcode > 8:
            if opcode == 9:
                self.frame(138, payload)
            self.hear(quiet)
        else:
            if b'"resume":' in payload.replace(b" ", b""):
                Peer.resume = json.loads(payload)["resume"]
            if self.is_passed_over(payload):
                self.hear(quiet)
            elif not quiet:
                print(self.name, "<", payload[:300])

    def is_passed_over(self, payload: bytes) -> bool:
        """Whether this is no answer to anything, and may come at any time."""
        try:
            said = json.loads(payload)
        except ValueError:
            return False
        return any(all(says(said, path) == value for path, value in marks.items()) for marks in self.passed_over)

    def is_there(self) -> None:
        """Print whether the connection still stands, without reading: a pong may be sent at any time."""
        try:
            for _ in range(3):
                self.sock.sendall(bytes([138, 128, 0, 0, 0, 0]))
                time.sleep(0.2)
            print(self.name, "is still connected")
        except OSError as error:
            print(self.name, "<", self.how, error)
