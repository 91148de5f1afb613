from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self._limits = max_bytes, max_age_s
        self._frames = []
        self._times = []
        self._open = True

    @property
    def held_bytes(self):
        return sum(len(frame) for frame in self._frames)

    def _may(self, frame, now):
        max_bytes, max_age_s = self._limits
        return self.held_bytes + len(frame) <= max_bytes and all(now - at <= max_age_s for at in self._times)

    def offer(self, frame, now):
        self._open = self._open and self._may(frame, now)
        if self._open:
            self._frames.append(frame)
            self._times.append(now)
        else:
            self._frames, self._times = [], []
        return self._open

    def take(self, most_bytes):
        count, total = 0, 0
        for frame in self._frames:
            total += len(frame)
            if count and total > most_bytes:
                break
            count += 1
        taken = self._frames[:count]
        del self._frames[:count], self._times[:count]
        return taken
