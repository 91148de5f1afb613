# wrong
# Whoever heard exactly the event before the oldest kept one gets a gap, though everything can be given.
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.last = 0
        self.events = deque(maxlen=keeps)

    def publish(self, text):
        self.last += 1
        self.events.append((self.last, text))
        return self.last

    def since(self, epoch, seq):
        if epoch != self.epoch or seq > self.last:
            return [], True
        if seq == self.last:
            return [], False
        oldest = self.events[0][0] if self.events else 1
        if seq < oldest and oldest > 1:
            return [], True
        return [(n, t) for n, t in self.events if n > seq], False
