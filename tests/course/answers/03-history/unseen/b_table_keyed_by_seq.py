class Room:
    def __init__(self, epoch, keeps):
        self._epoch, self._keeps, self._texts, self._next = epoch, keeps, {}, 1

    def publish(self, text):
        seq = self._next
        self._texts[seq] = text
        self._texts.pop(seq - self._keeps, None)
        self._next = seq + 1
        return seq

    def since(self, epoch, seq):
        if epoch != self._epoch or seq >= self._next:
            return [], True
        try:
            return [(n, self._texts[n]) for n in range(seq + 1, self._next)], False
        except KeyError:
            return [], True
