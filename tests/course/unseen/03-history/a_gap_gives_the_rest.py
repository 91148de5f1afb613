# wrong
# With a gap it still gives the events that are left, instead of [].
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.seq = 0
        self.history = deque(maxlen=keeps)

    def publish(self, text):
        self.seq += 1
        self.history.append((self.seq, text))
        return self.seq

    def since(self, epoch, seq):
        if epoch != self.epoch or seq > self.seq:
            return [], True
        events = [(s, t) for s, t in self.history if s > seq]
        gap = len(events) < self.seq - seq
        return events, gap
