# What five of b's wrong answers have in common, with their faults mended.
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
        out, size = [], 0
        while self.frames and (not out or size + len(self.frames[0][0]) <= most_bytes):
            out.append(self.frames.popleft()[0])
            size += len(out[-1])
        self.held_bytes -= size
        return out
