# wrong
# The 30 seconds bound what was drawn, not the width: in the end nearly all wait exactly 30.
from random import Random


class Backoff:
    def __init__(self, rng, window_s):
        self.rng = rng
        self.window_s = window_s
        self.n = 0

    def wait(self):
        if self.n == 0:
            width = self.window_s
        else:
            width = max(self.window_s, 2 ** (self.n - 1))
        self.n += 1
        return min(max(30, self.window_s), self.rng.uniform(0, width))

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.n = 0
