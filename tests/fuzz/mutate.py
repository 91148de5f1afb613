"""Bytes that are nearly right: a good input with some of the faults that break parsers. All of it from a seed."""

from collections.abc import Sequence
from random import Random

TOKENS = [
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b"null", b"true", b"NaN"),
    *(b"-0", b"1e999", b"-1e-999", b"9" * 40, b"0x1", b"1.", b"\xef\xbb\xbf", b"\x00", b"\xff", b"\xc0\x80", b"\n"),
    *("\u2028".encode(), "\U0001f989".encode(), b'"type"', b'"roomId"', b'"text"', b'"since"', b"__proto__", b"[" * 50),
    *(b"\r\n", b"\r\n\r\n", b": ", b"%00", b"%2e%2e/", b"..", b"/", b"?", b"#", b"Content-Length: 9", b"HTTP/1.1"),
]


def mutated(good: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """A good input, changed in one to four places."""
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(8)
        if kind == 0:
            data[at : at + 1] = bytes((rng.randrange(256),))
        elif kind == 1:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 3:
            data[at:at] = data[at : at + rng.randrange(1, 40)]
        elif kind == 4:
            del data[at:]
        elif kind == 5 and others:
            other = rng.choice(others)
            data[at:] = other[rng.randrange(len(other) + 1) :]
        elif kind == 6 and data:
            data[at - 1] ^= 1 << rng.randrange(8)
        else:
            data[at : at + 4] = rng.choice(TOKENS)
    return bytes(data)
