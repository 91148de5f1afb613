# wrong
# The last number of another epoch is taken as up to date, because equality is looked at before the epoch.
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch, self.kept, self.last = epoch, deque(maxlen=keeps), 0

    def publish(self, text):
        self.last += 1
        self.kept.append((self.last, text))
        return self.last

    def since(self, epoch, seq):
        if seq == self.last:
            return [], False
        if epoch != self.epoch or seq > self.last or self.last - seq > len(self.kept):
            return [], True
        return list(self.kept)[-(self.last - seq):], False
