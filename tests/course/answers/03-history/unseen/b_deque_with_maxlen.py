from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.events = deque(maxlen=keeps)
        self.last = 0

    def publish(self, text):
        self.last += 1
        self.events.append((self.last, text))
        return self.last

    def since(self, epoch, seq):
        oldest = self.last - len(self.events) + 1
        if epoch != self.epoch or seq > self.last or seq < oldest - 1:
            return [], True
        return [event for event in self.events if event[0] > seq], False
