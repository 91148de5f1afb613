# wrong
# For seq 0 it gives what is kept without a gap, also when the history no longer reaches back to 1.
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch, self.kept, self.last = epoch, deque(maxlen=keeps), 0

    def publish(self, text):
        self.last += 1
        self.kept.append((self.last, text))
        return self.last

    def since(self, epoch, seq):
        if epoch != self.epoch or seq > self.last:
            return [], True
        first = self.last - len(self.kept) + 1
        if seq and seq + 1 < first:
            return [], True
        return [e for e in self.kept if e[0] > seq], False
