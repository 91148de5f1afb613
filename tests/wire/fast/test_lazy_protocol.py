"""Two readers of one stream: the library alone, and the library behind our reader of short frames."""

import os
from collections.abc import Iterator
from importlib.metadata import version
from random import Random

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from labkit.review.frames import BINARY, PING, TEXT, frame
from labkit.rules.limits import Limits
from labkit.wire.fast import short_frames
from labkit.wire.fast.lazy_protocol import LazyProtocol
from labkit.wire.frames import Frames
from tests.wire.fast.streams import stream

LOOKED_AT = "17.4"
STREAMS = 5_000
FAST, PLAIN = Limits(), Limits(fast_path=False)
Heard = list[object]


class Ear:
    """What a connection does with its library, and nothing else: every message and every byte is written down."""

    def __init__(self, fast: bool) -> None:
        limits = FAST if fast else PLAIN
        self.heard: Heard = []
        self.protocol = LazyProtocol(limits)
        self.protocol.is_connecting = False
        assert self.protocol.frames.state is State.OPEN
        self.protocol.forget()

    def hear(self, data: bytes) -> None:
        """A packet came."""
        for said in self.protocol.read(data):
            self.heard.append(_plain(said))
        self._write()

    def beat(self) -> None:
        """Send a ping, as the heartbeat does."""
        if self.protocol.frames.state is State.OPEN:
            self.protocol.frames.send_ping(b"beat")
        self._write()

    def close(self) -> None:
        """Send a close frame; the stream goes on."""
        if self.protocol.frames.state is State.OPEN:
            self.protocol.frames.send_close(1008, "enough")
        self._write()

    def end(self) -> Heard:
        """The peer ends its half; what was heard and written, and how it ended."""
        self.protocol.frames.receive_eof()
        frames = self.protocol.frames
        ends = (frames.state, frames.close_sent, frames.close_rcvd, frames.ending_code, type(frames.parser_exc))
        return [*self.heard, *frames.data_to_send(), ends]

    def _write(self) -> None:
        if not self.protocol.is_forgotten:
            self.heard += self.protocol.frames.data_to_send()
            self.protocol.forget()


def _plain(said: bytes | Frame) -> object:
    """A short message and a frame that is one are the same."""
    if isinstance(said, bytes):
        return Opcode.TEXT, True, said
    return said.opcode, said.fin, bytes(said.data)


def _compare(seeds: Iterator[int] | range) -> None:
    for seed in seeds:
        rng = Random(seed)
        packets = stream(rng)
        ours = [rng.choices([None, Ear.beat, Ear.close], [90, 6, 4])[0] for _ in packets]
        heard = []
        for fast in (True, False):
            ear = Ear(fast)
            for packet, said in zip(packets, ours):
                ear.hear(packet)
                if said is not None:
                    said(ear)
            heard.append(ear.end())
        assert heard[0] == heard[1], f"seed {seed}: {packets}"


def test_both_readers_hear_the_same_in_5000_streams() -> None:
    """Whole and broken frames, cut anywhere; closes and pings of ours in between: seed by seed the same."""
    _compare(range(STREAMS))


@pytest.mark.matrix
def test_both_readers_hear_the_same_in_a_million_streams() -> None:
    """The same with other seeds, and more of them."""
    _compare(range(STREAMS, STREAMS + int(os.environ.get("LABKIT_FUZZ_STREAMS", "1000000"))))


def test_the_fuzz_goes_both_ways() -> None:
    """Of the streams, many are read without the library, many by it, and many by one after the other."""
    short, long = [0, 0], [0, 0]
    for seed in range(1_000):
        ear, was_read = Ear(fast=True), [0, 0]
        for packet in stream(Random(seed)):
            for said in ear.protocol.read(packet):
                was_read[isinstance(said, Frame)] += 1
            ear._write()
        short[bool(was_read[1])] += bool(was_read[0])
        long[bool(was_read[0])] += bool(was_read[1])
    assert min(*short, *long) > 100


def test_library_object_is_dropped_only_between_messages() -> None:
    """Made for a ping, kept in the middle of a message in parts, forgotten behind it; never on the plain path."""
    ear, plain = Ear(fast=True), Ear(fast=False)
    assert ear.protocol.is_forgotten and not plain.protocol.is_forgotten
    states = []
    for packet in [
        frame(TEXT, b"short"),
        frame(PING, b""),
        frame(TEXT, b"part", fin=False),
        frame(PING, b"between"),
        frame(0, b"end"),
        frame(TEXT, b"short")[:3],
        frame(TEXT, b"short")[3:],
        frame(BINARY, b"x" * 200)[:150],
    ]:
        ear.hear(packet)
        states.append(ear.protocol.is_forgotten)
        plain.hear(packet)
        assert not plain.protocol.is_forgotten
    assert states == [True, True, False, False, True, False, True, False]


def test_close_on_a_short_message_gives_the_library_the_rest() -> None:
    """Two messages and the peer's close in one packet; closed over the first, so the close handshake is at its end."""
    ear = Ear(fast=True)
    heard = []
    for said in ear.protocol.read(frame(TEXT, b"one") + frame(TEXT, b"two") + frame(8, b"\x03\xe8")):
        heard.append(_plain(said))
        if len(heard) == 1:
            ear.protocol.frames.send_close(1008, "enough")
    assert heard == [(Opcode.TEXT, True, b"one"), (Opcode.TEXT, True, b"two"), (Opcode.CLOSE, True, b"\x03\xe8")]
    assert ear.protocol.frames.data_to_send()[1:] == [b""] and ear.protocol.frames.ending_code == 1008


def test_the_library_is_one_that_was_looked_at() -> None:
    """A canary. Another version: look at what is named here, run the long fuzz of `make matrix`, then change it."""
    assert version("websockets") == LOOKED_AT
    protocol = ServerProtocol(state=State.OPEN)
    assert (protocol.current_size, protocol.extensions, protocol.parser_exc) == (None, [], None)
    assert short_frames.apply_mask(b"\x00\x01\x02\x03\x04", b"\x01\x02\x03\x04") == b"\x01\x03\x01\x07\x05"
    assert type(short_frames.apply_mask(b"", b"\x01\x02\x03\x04")) is bytes


def test_protocol_open_from_start_reads_and_echoes_close() -> None:
    """What the library lets us do, and what forgetting it stands on."""
    protocol = Frames(Limits(), State.OPEN)
    protocol.receive_data(frame(TEXT, b"hello") + frame(8, b"\x03\xe8"))
    assert [event.opcode for event in protocol.events_received() if isinstance(event, Frame)] == [1, 8]
    assert protocol.data_to_send() == [b"\x88\x02\x03\xe8", b""] and protocol.ending_code == 1000
