from dataclasses import dataclass, field
from itertools import accumulate


@dataclass
class Outbox:
    max_bytes: int
    max_age_s: float
    _frames: list | None = field(default_factory=list)
    _since: list = field(default_factory=list)

    @property
    def held_bytes(self):
        return sum(map(len, self._frames or ()))

    def offer(self, frame, now):
        if self._frames is None:
            return False
        fits = self.held_bytes + len(frame) <= self.max_bytes
        fresh = all(now - at <= self.max_age_s for at in self._since)
        if not (fits and fresh):
            self._frames = None
            return False
        self._frames.append(frame)
        self._since.append(now)
        return True

    def take(self, most_bytes):
        if not self._frames:
            return []
        n = max(1, sum(total <= most_bytes for total in accumulate(map(len, self._frames))))
        taken, self._frames, self._since = self._frames[:n], self._frames[n:], self._since[n:]
        return taken
