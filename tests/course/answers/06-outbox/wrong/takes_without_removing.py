# misconception: frames-lost-or-disordered
# caught by: order
from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self.waiting = deque()
        self.held_bytes = 0
        self.is_over = False

    def offer(self, frame, now):
        too_old = self.waiting and now - self.waiting[0][0] > self.max_age_s
        too_much = self.held_bytes + len(frame) > self.max_bytes
        if self.is_over or too_old or too_much:
            self.is_over = True
            self.waiting.clear()
            self.held_bytes = 0
            return False
        self.waiting.append((now, frame))
        self.held_bytes += len(frame)
        return True

    def take(self, most_bytes):
        taken = []
        size = 0
        for _, frame in self.waiting:
            if taken and size + len(frame) > most_bytes:
                break
            taken.append(frame)
            size += len(frame)
        self.held_bytes -= size
        return taken
