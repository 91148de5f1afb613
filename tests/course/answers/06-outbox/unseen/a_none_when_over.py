from collections import deque


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.queue = deque()  # None once it is over
        self.held_bytes = 0

    def offer(self, frame, now):
        if self.queue is None:
            return False
        self.queue.append((now, frame))
        self.held_bytes += len(frame)
        since, _ = self.queue[0]
        if self.held_bytes <= self.max_bytes and now - since <= self.max_age_s:
            return True
        self.queue, self.held_bytes = None, 0
        return False

    def take(self, most_bytes):
        frames = []
        if not self.queue:
            return frames
        while True:
            _, frame = self.queue.popleft()
            frames.append(frame)
            self.held_bytes -= len(frame)
            most_bytes -= len(frame)
            if not self.queue or len(self.queue[0][1]) > most_bytes:
                return frames
