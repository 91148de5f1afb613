"""Encode and decode WebSocket frames (RFC 6455 section 5.2). The server shares none of this code.

A reviewer must be able to send invalid frames, so a caller can set every bit.
"""

import os
import struct
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """Encode one frame; by default, it is final and masked.

    `reserved`: the bits RSV1 to RSV3, as a number from 0 to 7.
    """
    size, mask_bit = len(payload), 0x80 if masked else 0
    first = bytes([(0x80 if fin else 0) | (reserved << 4) | opcode])
    if size < 126:
        head = first + bytes([mask_bit | size])
    elif size < 65536:
        head = first + bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head = first + bytes([mask_bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + _xor(payload, mask)


def _xor(payload: bytes, mask: bytes) -> bytes:
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")


class Frame(NamedTuple):
    """A received frame; its payload is unmasked."""

    fin: bool
    reserved: int
    opcode: int
    masked: bool
    payload: bytes


class FrameReader:
    """Split a byte stream into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes, and return the frames that they complete."""
        self._bytes += data
        found = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> Frame | None:
        buffer = self._bytes
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        masked = bool(buffer[1] & 0x80)
        start += 4 if masked else 0
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        if masked:
            payload = _xor(payload, bytes(buffer[start - 4 : start]))
        one = Frame(bool(buffer[0] & 0x80), (buffer[0] >> 4) & 7, buffer[0] & 15, masked, payload)
        del buffer[: start + size]
        return one


def close_payload(code: int, reason: str = "") -> bytes:
    """Return the payload of a close frame."""
    return struct.pack("!H", code) + reason.encode()


def read_close(payload: bytes) -> tuple[int, str]:
    """Return the code and reason of a close frame; the code is 1005 if the payload is empty."""
    if len(payload) < 2:
        return 1005, ""
    return int(struct.unpack("!H", payload[:2])[0]), payload[2:].decode("utf-8", "replace")
