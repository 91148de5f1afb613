# wrong
# When more was heard than was ever said it answers that nothing was missed.
class Room:
    def __init__(self, epoch, keeps):
        self.epoch, self.keeps, self.events, self.last = epoch, keeps, [], 0

    def publish(self, text):
        self.last += 1
        self.events.append((self.last, text))
        self.events = self.events[max(0, len(self.events) - self.keeps):]
        return self.last

    def since(self, epoch, seq):
        if epoch != self.epoch:
            return [], True
        if seq >= self.last:
            return [], False
        missed = [e for e in self.events if e[0] > seq]
        if len(missed) < self.last - seq:
            return [], True
        return missed, False
