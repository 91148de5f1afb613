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
        if epoch != self.epoch or seq > self.last or seq < self.last - len(self.events):
            return [], True
        return [event for event in self.events if event[0] > seq], False
