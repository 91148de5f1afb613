class Room:
    def __init__(self, epoch, keeps):
        self._epoch, self._keeps = epoch, keeps
        self._events = {}
        self._next = 1

    def publish(self, text):
        seq, self._next = self._next, self._next + 1
        self._events[seq] = text
        self._events.pop(seq - self._keeps, None)
        return seq

    def since(self, epoch, seq):
        if epoch == self._epoch and seq < self._next:
            wanted = range(seq + 1, self._next)
            if all(number in self._events for number in wanted):
                return [(number, self._events[number]) for number in wanted], False
        return [], True
