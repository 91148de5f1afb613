# wrong
# A first frame that is larger than most_bytes is not given, so take returns [] although frames wait.
from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.frames, self.held_bytes, self.over = deque(), 0, False

    def offer(self, frame, now):
        stale = bool(self.frames) and now - self.frames[0][1] > self.max_age_s
        if self.over or stale or self.held_bytes + len(frame) > self.max_bytes:
            self.over, self.held_bytes = True, 0
            self.frames.clear()
            return False
        self.frames.append((frame, now))
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        out = []
        while self.frames and len(self.frames[0][0]) <= most_bytes:
            frame, _ = self.frames.popleft()
            most_bytes -= len(frame)
            self.held_bytes -= len(frame)
            out.append(frame)
        return out
