# wrong
# The age is counted from when the box last became non-empty, not from when the oldest waiting frame was offered.
from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.frames, self.held_bytes, self.over = deque(), 0, False
        self.began = None

    def offer(self, frame, now):
        if self.over:
            return False
        if not self.frames:
            self.began = now
        if now - self.began > self.max_age_s or self.held_bytes + len(frame) > self.max_bytes:
            self.over, self.held_bytes = True, 0
            self.frames.clear()
            return False
        self.frames.append(frame)
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        out, size = [], 0
        while self.frames and (not out or size + len(self.frames[0]) <= most_bytes):
            out.append(self.frames.popleft())
            size += len(out[-1])
        self.held_bytes -= size
        return out
