"""What a peer may send: streams of frames, whole and broken, cut at random points."""

from itertools import pairwise
from random import Random

from labkit.review.frames import BINARY, CLOSE, PING, PONG, TEXT

CONTINUATION = 0
TEXTS = [b"", b"x", b'{"type":"ping"}', b'{"type":"chat","roomId":"a","text":"hello"}', "é€😀".encode(), b"\xff\xfe"]
SIZES = [1, 124, 125, 126, 127, 200, 1000, 8191, 8192, 8193, 9000]


def stream(rng: Random) -> list[bytes]:
    """The packets of one peer."""
    sent = b"".join(_some_frames(rng) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.1:
        sent = sent[: rng.randrange(len(sent) + 1)]
    if rng.random() < 0.05 and sent:
        at = rng.randrange(len(sent))
        sent = sent[:at] + rng.randbytes(1) + sent[at + 1 :]
    return _cut(sent, rng)


def _cut(sent: bytes, rng: Random) -> list[bytes]:
    if rng.random() < 0.3 or len(sent) < 2:
        return [sent] if sent else []
    if len(sent) < 60 and rng.random() < 0.3:
        return [bytes([byte]) for byte in sent]
    points = sorted({0, len(sent), *(rng.randrange(1, len(sent)) for _ in range(rng.randint(1, 5)))})
    return [sent[start:end] for start, end in pairwise(points)]


def _some_frames(rng: Random) -> bytes:
    return rng.choices(KINDS, WEIGHTS)[0](rng)


def _frame(
    rng: Random, opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, bytes_of_size: int = 0
) -> bytes:
    """A frame whose mask comes from the seed, so that a seed is a stream."""
    size, mask = len(payload), rng.randbytes(4) if masked else b""
    wide = bytes_of_size or (0 if size < 126 else 2 if size < 65536 else 8)
    length = size.to_bytes(wide, "big") if wide else b""
    head = bytes([0x80 * fin | opcode, 0x80 * masked | {0: size, 2: 126, 8: 127}[wide]]) + length
    covered = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ covered).to_bytes(size, "big")


def _short(rng: Random) -> bytes:
    return _frame(rng, TEXT, rng.choice(TEXTS))


def _sized(rng: Random) -> bytes:
    return _frame(rng, TEXT, b"y" * rng.choice(SIZES))


def _long_way(rng: Random) -> bytes:
    """A short length, written as if it were long: the library takes it. 119 bytes, and the frame has 6 + 127."""
    return _frame(rng, TEXT, rng.choice([*TEXTS, b"z" * 119]), bytes_of_size=rng.choice([2, 8]))


def _parts(rng: Random) -> bytes:
    """A message in pieces, now and then with a ping between them, now and then without its end."""
    parts = [_frame(rng, TEXT, b"part ", fin=False)]
    for _ in range(rng.randint(0, 3)):
        is_part = rng.random() < 0.6
        parts.append(_frame(rng, CONTINUATION if is_part else PING, b"part ", fin=not is_part))
    if rng.random() < 0.8:
        parts.append(_frame(rng, CONTINUATION, b"end"))
    return b"".join(parts)


def _control(rng: Random) -> bytes:
    return _frame(rng, rng.choice([PING, PONG]), rng.choice([b"", b"p", b"p" * 125]))


def _close(rng: Random) -> bytes:
    return _frame(rng, CLOSE, rng.choice([b"", b"\x03\xe8", b"\x03\xe8done", b"\x03", b"\x00\x05", b"\x03\xe8\xff"]))


def _binary(rng: Random) -> bytes:
    return _frame(rng, BINARY, rng.randbytes(rng.randint(0, 20)))


def _wrong(rng: Random) -> bytes:
    """What RFC 6455 forbids."""
    return rng.choice(
        [
            _frame(rng, TEXT, b"no mask", masked=False),
            _frame(rng, rng.choice([3, 7, 11, 15]), b"no such kind"),
            _frame(rng, CONTINUATION, b"of nothing"),
            _frame(rng, PING, b"in parts", fin=False),
            _frame(rng, PING, b"p" * 126),
            bytes([rng.choice([0xC1, 0xA1, 0x91, 0xF1]), 0x80]) + bytes(4),
            b"\x81\xff" + (2 ** rng.choice([16, 17, 40, 63]) + 1).to_bytes(8, "big") + bytes(4),
            rng.randbytes(rng.randint(1, 20)),
        ]
    )


KINDS = [_short, _sized, _long_way, _parts, _control, _close, _binary, _wrong]
WEIGHTS = [50, 12, 6, 10, 10, 2, 2, 3]
