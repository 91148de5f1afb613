"""The base of every stage that acts on whole frames."""

from typing import NamedTuple

from labkit.faults.fault import HELD_BYTES, Item, Stage, Start
from labkit.faults.frames import FIRST_CONTROL, Piece

LARGEST_FRAME_BYTES = HELD_BYTES // 2  # a longer frame does not fit, so it passes in the pieces that arrive


class Frame(NamedTuple):
    """One whole frame. `raw` is its header, mask and payload, unchanged."""

    raw: bytes
    opcode: int
    is_final: bool

    @property
    def is_message(self) -> bool:
        """Whether the frame is a complete message: data, and not a fragment."""
        return 0 < self.opcode < FIRST_CONTROL and self.is_final

    @property
    def is_fragment(self) -> bool:
        """Whether the frame is only part of a message."""
        return self.opcode < FIRST_CONTROL and not self.is_message


class FrameStage(Stage):
    """Collects whole frames and passes them to `frame`. Everything else, such as the handshake, goes to `other`."""

    most_held_bytes = 2 * HELD_BYTES  # two frames and the start of a third

    def __init__(self, at: Start) -> None:
        super().__init__()
        self._cutter = at.cutter
        self._partial: bytearray | None = None  # the current frame, or None if it is too long or began too early

    def push(self, item: Item, now: float) -> None:
        """Collect bytes until a frame is complete."""
        if isinstance(item, bytes):
            for piece in self._cutter.cut(item):
                self._collect(piece, now)
            return
        for rest in (*self._take_partial(), item):
            self.other(rest, now)

    def frame(self, frame: Frame, now: float) -> None:
        """Handle a whole frame. Queue it to pass it on, or drop it."""
        self.queue(frame.raw, now)

    def other(self, item: Item, now: float) -> None:
        """Handle anything that is not a whole frame."""
        self.queue(item, now)

    def held_bytes(self) -> int:
        """Return how many bytes this stage holds, including an incomplete frame."""
        return super().held_bytes() + len(self._partial or b"")

    def release(self) -> list[Item]:
        """Remove and return everything the stage holds, including an incomplete frame."""
        return [*super().release(), *self._take_partial()]

    def _collect(self, piece: Piece, now: float) -> None:
        if piece.begins:
            self._partial = bytearray()
        if self._partial is None or piece.opcode is None:
            self.other(piece.raw, now)
            return
        self._partial += piece.raw
        if piece.ends:
            whole, self._partial = bytes(self._partial), None
            self.frame(Frame(whole, piece.opcode, piece.is_final), now)
        elif len(self._partial) > LARGEST_FRAME_BYTES:
            for rest in self._take_partial():
                self.other(rest, now)

    def _take_partial(self) -> list[Item]:
        partial, self._partial = self._partial, None
        return [bytes(partial)] if partial else []


class DropFrames(FrameStage):
    """Removes the frames with one opcode and passes all others."""

    def __init__(self, at: Start, opcode: int) -> None:
        super().__init__(at)
        self._opcode = opcode

    def frame(self, frame: Frame, now: float) -> None:
        """Pass the frame unless it has that opcode."""
        if frame.opcode != self._opcode:
            super().frame(frame, now)
