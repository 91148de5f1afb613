"""A stage that thinks in frames: what the frame-level faults have in common."""

from typing import NamedTuple

from labkit.faults.fault import HELD_BYTES, Item, Stage, Start
from labkit.faults.frames import FIRST_CONTROL, Piece

LARGEST_FRAME_BYTES = HELD_BYTES // 2  # a longer one is passed on as it comes: it could not be held


class Frame(NamedTuple):
    """One whole frame. `raw` is its header, mask and payload, untouched."""

    raw: bytes
    opcode: int
    is_final: bool

    @property
    def is_message(self) -> bool:
        """Whether it is a message by itself: data, and not a fragment."""
        return 0 < self.opcode < FIRST_CONTROL and self.is_final

    @property
    def is_fragment(self) -> bool:
        """Whether it is a part of a message."""
        return self.opcode < FIRST_CONTROL and not self.is_message


class FrameStage(Stage):
    """Gathers whole frames and asks `frame` about each; the rest (the handshake, what is no frame) goes to `other`."""

    holds_bytes = 2 * HELD_BYTES  # two frames and what has come of a third

    def __init__(self, at: Start) -> None:
        super().__init__()
        self._cutter = at.cutter
        self._gathered: bytearray | None = None  # of the frame we are in; None: it began before us, or is too long

    def push(self, item: Item, now: float) -> None:
        """Gather."""
        if isinstance(item, bytes):
            for piece in self._cutter.cut(item):
                self._gather(piece, now)
            return
        for rest in (*self._ungather(), item):
            self.other(rest, now)

    def frame(self, frame: Frame, now: float) -> None:
        """A whole frame came: queue it, or do not."""
        self.queue(frame.raw, now)

    def other(self, item: Item, now: float) -> None:
        """Something came that is no whole frame."""
        self.queue(item, now)

    def held(self) -> int:
        """Also what is being gathered."""
        return super().held() + len(self._gathered or b"")

    def release(self) -> list[Item]:
        """Also what is being gathered."""
        return [*super().release(), *self._ungather()]

    def _gather(self, piece: Piece, now: float) -> None:
        if piece.begins:
            self._gathered = bytearray()
        if self._gathered is None or piece.opcode is None:
            self.other(piece.raw, now)
            return
        self._gathered += piece.raw
        if piece.ends:
            whole, self._gathered = bytes(self._gathered), None
            self.frame(Frame(whole, piece.opcode, piece.is_final), now)
        elif len(self._gathered) > LARGEST_FRAME_BYTES:
            for rest in self._ungather():
                self.other(rest, now)

    def _ungather(self) -> list[Item]:
        gathered, self._gathered = self._gathered, None
        return [bytes(gathered)] if gathered else []
