"""The first part of every reproduction script: a small WebSocket client that needs only Python's standard library.

A report prints this file before the steps of a finding, to be pasted into a shell. It therefore imports nothing from
labkit and contains no exclamation mark, which a shell would expand from its history.
"""

import getpass
import json
import os
import socket
import ssl
import time


def fill(text: str) -> str:
    """Replace the name of each credential with its value, from the environment or from the user."""
    for name in ("OPS_TOKEN", "TOKEN", "TICKET"):
        if "$" + name in text and not os.environ.get(name):
            try:
                os.environ[name] = getpass.getpass("$" + name + ": ")
            except EOFError:
                raise SystemExit("set " + name + " in the environment, and run this again") from None
        text = text.replace("$" + name, os.environ.get(name, ""))
    return text


def field_of(message: object, path: str) -> object:
    """Return a field of a message. A dot in the name selects a field of a nested object."""
    for part in path.split("."):
        message = message.get(part) if isinstance(message, dict) else None
    return message


class Peer:
    """One connection that prints everything it receives."""

    address = ("localhost", 80)
    cafile: "str | None" = None
    is_tls = False
    resume = ""
    ignored: "tuple[dict[str, object], ...]" = ()  # the fields that identify messages to leave out

    def __init__(self, name: str, head: str, receive_buffer: int = 0) -> None:
        self.name, self.got, self.how = name, b"", "the connection ended"
        try:
            self.sock = socket.create_connection(self.address, 10)
        except OSError as error:  # the server may be gone by now: the next steps show that as well
            self.sock, self.how = socket.socket(), "no connection: " + str(error)
            print(name, "<", self.how)
            return
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if self.is_tls:
            context = ssl.create_default_context(cafile=self.cafile)
            self.sock = context.wrap_socket(self.sock, server_hostname=self.address[0])
        self.send_bytes(fill(head).encode())
        while b"\r\n\r\n" not in self.got and self.more():
            pass
        answer, _, self.got = self.got.partition(b"\r\n\r\n")
        print(name, "<", answer.split(b"\r\n")[0].decode() or self.how)

    def more(self) -> bool:
        """Wait for bytes. Return whether any arrived."""
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            self.how = "nothing arrived within 10 s" if isinstance(error, TimeoutError) else self.how
            return False
        self.got += data
        return bool(data)

    def send_bytes(self, data: bytes) -> None:
        """Send raw bytes."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            print(self.name, "> not sent:", error)

    def send_frame(self, first: int, payload: bytes, mask: int = 128) -> None:
        """Send a frame, given its first byte and its payload."""
        size = len(payload)
        head = [size] if size < 126 else [126, *size.to_bytes(2, "big")]
        head = head if size < 65536 else [127, *size.to_bytes(8, "big")]
        self.send_bytes(bytes([first, head[0] | mask, *head[1:]]) + bytes(4 if mask else 0) + payload)

    def send(self, text: str) -> None:
        """Send a text frame."""
        self.send_frame(129, fill(text.replace("$RESUME", Peer.resume)).encode("utf-8", "surrogatepass"))

    def next(self) -> "tuple[int, bytes] | None":
        """Return the opcode and payload of the next frame, or None if none arrives."""
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

    def receive(self, quiet: bool = False) -> None:
        """Print the next message, or how the connection ended. Answers pings."""
        opcode, payload = self.next() or (8, None)
        if payload is None:
            print(self.name, "<", self.how)
        elif opcode == 8:
            print(self.name, "< close", int.from_bytes(payload[:2], "big"), payload[2:])
        elif opcode > 8:
            if opcode == 9:
                self.send_frame(138, payload)
            self.receive(quiet)
        else:
            if b'"resume":' in payload.replace(b" ", b""):
                Peer.resume = json.loads(payload)["resume"]
            if self.is_ignored(payload):
                self.receive(quiet)
            elif not quiet:
                print(self.name, "<", payload[:300])

    def is_ignored(self, payload: bytes) -> bool:
        """Return whether this message is unsolicited: it may arrive at any time."""
        try:
            message = json.loads(payload)
        except ValueError:
            return False
        return any(all(field_of(message, path) == value for path, value in marks.items()) for marks in self.ignored)

    def is_connected(self) -> None:
        """Print whether the connection is still open. Does not read; it sends pongs, which are always allowed."""
        try:
            for _ in range(3):
                self.sock.sendall(bytes([138, 128, 0, 0, 0, 0]))
                time.sleep(0.2)
            print(self.name, "is still connected")
        except OSError as error:
            print(self.name, "<", self.how, error)
