# wrong
# After a refusal it empties itself but accepts the next frame, so the member sees a hole.
from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.frames, self.held_bytes = deque(), 0

    def offer(self, frame, now):
        stale = bool(self.frames) and now - self.frames[0][1] > self.max_age_s
        if stale or self.held_bytes + len(frame) > self.max_bytes:
            self.frames.clear()
            self.held_bytes = 0
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
