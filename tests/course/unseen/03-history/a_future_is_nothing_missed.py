# wrong
# More heard than was ever said is answered with [] and False.
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.count = 0
        self.events = deque([], keeps)

    def publish(self, text):
        self.count += 1
        self.events.append((self.count, text))
        return self.count

    def since(self, epoch, seq):
        if epoch != self.epoch:
            return [], True
        if seq >= self.count:
            return [], False  # nothing new
        if self.count - seq > len(self.events):
            return [], True
        return [e for e in self.events if e[0] > seq], False
