"""A stage that passes the handshake and some messages before another stage takes over."""

from collections.abc import Callable

from labkit.faults.fault import Item, Stage, Start


class Later(Stage):
    """Passes everything until the stage that `begin` creates takes over. The handover happens between two frames."""

    def __init__(self, begin: Callable[[Start], Stage], messages: int, at: Start) -> None:
        super().__init__()
        self._begin = begin
        self._left = messages
        self._rng = at.rng
        self._cutter = at.cutter
        self._then: Stage | None = None
        self._begin_when_due(at.now)

    def push(self, item: Item, now: float) -> None:
        """Pass bytes on, and count messages."""
        while self._then is None and isinstance(item, bytes) and item:
            piece = self._cutter.first(item)
            self.queue(piece.raw, now)
            item = item[len(piece.raw) :]
            self._left -= piece.ends_message
            self._begin_when_due(now)
        (self.queue if self._then is None else self._then.push)(item, now)

    def pull(self, now: float) -> Item | None:
        """Return the next item. Items from before the handover come first."""
        item = super().pull(now)
        return item if item is not None or self._then is None else self._then.pull(now)

    def next_at(self) -> float | None:
        """Return when to pull again."""
        return super().next_at() if self._queue or self._then is None else self._then.next_at()

    def held_bytes(self) -> int:
        """Return how many bytes both stages hold."""
        return super().held_bytes() + (0 if self._then is None else self._then.held_bytes())

    def free_bytes(self) -> int:
        """Return how many more bytes the active stage accepts."""
        return super().free_bytes() if self._then is None else self._then.free_bytes()

    def release(self) -> list[Item]:
        """Remove and return everything that both stages hold."""
        return [*super().release(), *([] if self._then is None else self._then.release())]

    def _begin_when_due(self, now: float) -> None:
        if self._left <= 0 and self._then is None and self._cutter.is_between_frames:
            self._then = self._begin(Start(self._rng, self._cutter.copy(), now))
