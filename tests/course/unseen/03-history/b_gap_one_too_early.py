# wrong
# A member that heard exactly the number before the oldest kept event is told gap, although nothing is lost.
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
        if self.kept and seq < self.kept[0][0] and self.last > self.kept.maxlen:
            return [], True
        return [e for e in self.kept if e[0] > seq], False
