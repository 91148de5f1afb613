"""Streams of frames, and chains of faults run on a virtual clock."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from labkit.faults.connection import Chain
from labkit.faults.fault import End, Fault, Item
from labkit.faults.frames import FrameCutter
from labkit.review.frames import BINARY, CLOSE, PING, PONG, TEXT, frame
from tests.clock import Clock
from tests.wire.raw import upgrade

CONTINUATION = 0
HEAD = upgrade()
MAX_WAIT_S = 100_000.0


class Arrived(NamedTuple):
    """Something that came out of a chain, `at` seconds after the start."""

    at: float
    item: Item


class Wire:
    """A chain on a virtual clock, behind the bytes that passed before the faults began."""

    def __init__(self, faults: Sequence[Fault], seed: str = "0", behind: bytes = b"") -> None:
        self.cutter = FrameCutter()
        self.cutter.cut(behind)
        self.clock = Clock(0.0)
        self.chain = Chain(faults, seed, self.cutter, self.clock.now)
        self.out: list[Arrived] = []
        self.most_held = 0

    def push(self, *items: Item) -> None:
        """Push items at this moment, and pull what may go on."""
        for item in items:
            self.chain.push([item], self.clock.now)
            self._pull()

    def wait(self, seconds: float) -> None:
        """Let time pass, and pull exactly when the chain asks for it."""
        end = self.clock.now + seconds
        while (at := self.chain.next_at()) is not None and at <= end:
            assert at > self.clock.now or self._pull(), "it asks to be pulled and gives nothing"
            self.clock.now = max(self.clock.now, at)
            self._pull()
        self.clock.now = end

    def _pull(self) -> bool:
        before = len(self.out)
        self.most_held = max(self.most_held, self.chain.held_bytes())
        while (item := self.chain.pull(self.clock.now)) is not None:
            self.out.append(Arrived(self.clock.now, item))
        return len(self.out) > before

    @property
    def pieces(self) -> list[bytes]:
        """The pieces that came out."""
        return [arrived.item for arrived in self.out if isinstance(arrived.item, bytes)]

    @property
    def data(self) -> bytes:
        """The bytes that came out."""
        return b"".join(self.pieces)

    @property
    def ends(self) -> list[Item]:
        """The ends that came out."""
        return [arrived.item for arrived in self.out if isinstance(arrived.item, End)]


def through(faults: Sequence[Fault], *items: Item, seed: str = "0", behind: bytes = b"") -> Wire:
    """Return the wire after pushing these items and waiting long enough."""
    wire = Wire(faults, seed, behind)
    wire.push(*items)
    wire.wait(MAX_WAIT_S)
    return wire


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Return the same bytes in pieces."""
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[first:last] for first, last in pairwise(borders)]


sizes = st.one_of(st.integers(0, 20), st.sampled_from([125, 126, 127, 300]))
data_frames = st.builds(
    lambda opcode, size, fin, masked: frame(opcode, b"x" * size, fin=fin, masked=masked),
    st.sampled_from([CONTINUATION, TEXT, BINARY, 3]),
    sizes,
    st.booleans(),
    st.booleans(),
)
control_frames = st.builds(
    lambda opcode, size, masked: frame(opcode, b"c" * size, masked=masked),
    st.sampled_from([CLOSE, PING, PONG]),
    st.integers(0, 125),
    st.booleans(),
)
frame_lists = st.lists(st.one_of(data_frames, control_frames), max_size=8)
places = st.lists(st.integers(0, 10**6), max_size=12)
