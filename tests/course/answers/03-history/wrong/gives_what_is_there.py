# misconception: gap-is-hidden
# caught by: gap
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.seq = 0
        self.kept = deque(maxlen=keeps)

    def publish(self, text):
        self.seq += 1
        self.kept.append((self.seq, text))
        return self.seq

    def since(self, epoch, seq):
        oldest = self.seq - len(self.kept) + 1
        if epoch != self.epoch or seq > self.seq:
            return [], True
        return [event for event in self.kept if event[0] > seq], False
