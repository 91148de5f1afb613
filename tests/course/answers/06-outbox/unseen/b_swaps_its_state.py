class Outbox:
    """Two behaviours: open and over; the second replaces the first."""

    def __init__(self, max_bytes, max_age_s):
        self.limits = max_bytes, max_age_s
        self.held_bytes = 0
        self.frames = {}
        self.head = self.tail = 0
        self.offer = self._offer_open

    def _offer_over(self, frame, now):
        return False

    def _offer_open(self, frame, now):
        most, oldest = self.limits
        if self.held_bytes + len(frame) > most or (self.frames and now - self.frames[self.head][1] > oldest):
            self.frames, self.head, self.tail, self.held_bytes = {}, 0, 0, 0
            self.offer = self._offer_over
            return False
        self.frames[self.tail] = frame, now
        self.tail += 1
        self.held_bytes += len(frame)
        return True

    def _next(self, room):
        first = True
        while self.head in self.frames:
            size = len(self.frames[self.head][0])
            if not first and size > room:
                return
            first = False
            room -= size
            self.held_bytes -= size
            yield self.frames.pop(self.head)[0]
            self.head += 1

    def take(self, most_bytes):
        return list(self._next(most_bytes))
