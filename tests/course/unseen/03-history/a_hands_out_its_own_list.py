# wrong
# For seq 0 (nothing lost yet) the room's own list is returned, so a caller that changes it changes the room.
from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.keeps = keeps
        self.last = 0
        self.events = []

    def publish(self, text):
        self.last += 1
        self.events.append((self.last, text))
        if len(self.events) > self.keeps:
            self.events.pop(0)
        return self.last

    def since(self, epoch, seq):
        first = self.last - len(self.events) + 1
        if epoch != self.epoch or seq > self.last or seq < first - 1:
            return [], True
        if seq == first - 1:
            return self.events, False
        return self.events[seq - first + 1:], False
