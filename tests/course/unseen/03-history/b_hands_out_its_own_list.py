# wrong
# When everything kept is asked for, the caller gets the room's own list and can change the history.
class Room:
    def __init__(self, epoch, keeps):
        self.epoch, self.keeps, self.events, self.last = epoch, keeps, [], 0

    def publish(self, text):
        self.last += 1
        self.events.append((self.last, text))
        if len(self.events) > self.keeps:
            del self.events[0]
        return self.last

    def since(self, epoch, seq):
        first = self.last - len(self.events)
        if epoch != self.epoch or not first <= seq <= self.last:
            return [], True
        if seq == first:
            return self.events, False
        return self.events[seq - first:], False
