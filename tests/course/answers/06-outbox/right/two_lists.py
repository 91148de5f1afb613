class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self._max_bytes, self._max_age_s = max_bytes, max_age_s
        self._frames, self._times = [], []
        self._over = False

    @property
    def held_bytes(self):
        return sum(map(len, self._frames))

    def offer(self, frame, now):
        if not self._over:
            oldest = self._times[0] if self._times else now
            self._over = self.held_bytes + len(frame) > self._max_bytes or now > oldest + self._max_age_s
        if self._over:
            self._frames, self._times = [], []
            return False
        self._frames.append(frame)
        self._times.append(now)
        return True

    def take(self, most_bytes):
        count, size = 0, 0
        for frame in self._frames:
            if count and size + len(frame) > most_bytes:
                break
            size += len(frame)
            count += 1
        taken, self._frames = self._frames[:count], self._frames[count:]
        del self._times[:count]
        return taken
