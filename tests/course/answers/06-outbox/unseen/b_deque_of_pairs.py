from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.waiting, self.held_bytes, self.over = deque(), 0, False

    def offer(self, frame, now):
        if self.over:
            return False
        too_old = self.waiting and now - self.waiting[0][0] > self.max_age_s
        if too_old or self.held_bytes + len(frame) > self.max_bytes:
            self.waiting.clear()
            self.held_bytes, self.over = 0, True
            return False
        self.waiting.append((now, frame))
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        taken, total = [], 0
        while self.waiting and (not taken or total + len(self.waiting[0][1]) <= most_bytes):
            frame = self.waiting.popleft()[1]
            taken.append(frame)
            total += len(frame)
        self.held_bytes -= total
        return taken
