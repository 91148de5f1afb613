from collections import deque
from typing import NamedTuple


class Waiting(NamedTuple):
    frame: bytes
    until: float


class Outbox:
    def __init__(self, max_bytes, max_age_s):
        self.free = self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self.queue = deque()  # None when it is over

    @property
    def held_bytes(self):
        return 0 if self.queue is None else self.max_bytes - self.free

    def offer(self, frame, now):
        if self.queue is None:
            return False
        if len(frame) > self.free or (len(self.queue) > 0 and now > self.queue[0].until):
            self.queue = None
            return False
        self.queue.append(Waiting(frame, now + self.max_age_s))
        self.free -= len(frame)
        return True

    def take(self, most_bytes):
        taken = []
        while self.queue:
            if taken and sum(len(one) for one in taken) + len(self.queue[0].frame) > most_bytes:
                break
            taken.append(self.queue.popleft().frame)
            self.free += len(taken[-1])
        return tuple(taken)
