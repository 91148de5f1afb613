from collections import deque


class Room:
    def __init__(self, epoch, keeps):
        self.epoch, self.keeps = epoch, keeps
        self.by_seq = {}
        self.next = 1

    def publish(self, text):
        seq = self.next
        self.next = seq + 1
        self.by_seq[seq] = text
        self.by_seq.pop(seq - self.keeps, None)
        return seq

    def since(self, epoch, seq):
        gap = ([], True)
        if epoch != self.epoch:
            return gap
        if not 0 <= seq < self.next:
            return gap
        missed = range(seq + 1, self.next)
        if any(number not in self.by_seq for number in missed):
            return gap
        return [(number, self.by_seq[number]) for number in missed], False
