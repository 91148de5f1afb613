"""Real seconds and real sockets for a storm: a heap of what is due, and a selector for what comes in.

Not asyncio: there a client would connect when its task has a turn, and a thousand tasks take turns for a long time.
Taught in notebook 07 (storms).
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from selectors import DefaultSelector
from time import monotonic
from typing import Any


class RealClock:
    """What is due when, and the sockets, as bench.storm.virtual.VirtualClock with real seconds."""

    def __init__(self) -> None:
        self.selector = DefaultSelector()
        self.due = 0.0  # when the event that is being done should have been
        self.late_s = 0.0  # how far we were behind, at worst
        self._started = monotonic()
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._numbers = count()

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self._started

    def at(self, moment: float, step: Callable[[Any], None], subject: Any) -> None:
        """Have something happen."""
        heappush(self._heap, (moment, next(self._numbers), step, subject))

    def run_until(self, moment: float, is_over: Callable[[], bool]) -> None:
        """Let time pass. What is due goes before what has come in, or a busy moment would delay the next clients."""
        while (now := self.now) < moment and not is_over():
            next_at = min(self._heap[0][0], moment) if self._heap else moment
            for key, _ in self.selector.select(max(0.0, min(0.1, next_at - now))):
                self._do_what_is_due()
                key.data()
            self._do_what_is_due()

    def _do_what_is_due(self) -> None:
        while self._heap and self._heap[0][0] <= self.now:
            self.due, _, step, subject = heappop(self._heap)
            self.late_s = max(self.late_s, self.now - self.due)
            step(subject)
