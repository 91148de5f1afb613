from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self.waiting = deque()
        self.held_bytes = 0
        self.over = False

    def offer(self, frame, now):
        if self.over:
            return False
        too_much = self.held_bytes + len(frame) > self.max_bytes
        too_old = bool(self.waiting) and now - self.waiting[0][1] > self.max_age_s
        if too_much or too_old:
            self.over = True
            self.waiting.clear()
            self.held_bytes = 0
            return False
        self.waiting.append((frame, now))
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        taken, size = [], 0
        while self.waiting and (not taken or size + len(self.waiting[0][0]) <= most_bytes):
            frame, _ = self.waiting.popleft()
            taken.append(frame)
            size += len(frame)
        self.held_bytes -= size
        return taken
