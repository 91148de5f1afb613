from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self._epoch = epoch
        self._keeps = keeps
        self._texts = []
        self._forgotten = 0  # how many fell out at the front

    def publish(self, text):
        self._texts.append(text)
        excess = len(self._texts) - self._keeps
        if excess > 0:
            del self._texts[:excess]
            self._forgotten += excess
        return self._forgotten + len(self._texts)

    def since(self, epoch, seq):
        skip = seq - self._forgotten
        if epoch == self._epoch and 0 <= skip <= len(self._texts):
            return list(enumerate(self._texts[skip:], start=seq + 1)), False
        return [], True
