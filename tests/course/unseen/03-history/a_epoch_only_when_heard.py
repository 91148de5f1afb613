# wrong
# A member of another epoch that had heard nothing yet (0) gets the events and False, not a gap.
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
        if seq and epoch != self.epoch:
            return [], True
        if seq > self.seq or self.seq - seq > len(self.history):
            return [], True
        return [(s, t) for s, t in self.history if s > seq], False
