# misconception: history-given-away
# caught by: own-list
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.seq = 0
        self.kept = []
        self.keeps = keeps

    def publish(self, text):
        self.seq += 1
        self.kept.append((self.seq, text))
        if len(self.kept) > self.keeps:
            self.kept.pop(0)
        return self.seq

    def since(self, epoch, seq):
        oldest = self.seq - len(self.kept) + 1
        if epoch != self.epoch or seq > self.seq or seq + 1 < oldest:
            return [], True
        if seq + 1 == oldest:
            return self.kept, False
        return [event for event in self.kept if event[0] > seq], False
