# wrong
# The age counts from the first frame ever kept and is not begun anew when it was taken.
from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self.frames = deque()
        self.held_bytes = 0
        self.oldest = None
        self.closed = False

    def offer(self, frame, now):
        if self.closed:
            return False
        if self.oldest is None:
            self.oldest = now
        if self.held_bytes + len(frame) > self.max_bytes or (self.frames and now - self.oldest > self.max_age_s):
            self.closed = True
            self.frames.clear()
            self.held_bytes = 0
            return False
        self.frames.append(frame)
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        out = []
        room = most_bytes
        while self.frames and (not out or len(self.frames[0]) <= room):
            frame = self.frames.popleft()
            room -= len(frame)
            self.held_bytes -= len(frame)
            out.append(frame)
        return out
