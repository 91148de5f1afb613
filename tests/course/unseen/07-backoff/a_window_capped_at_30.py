# wrong
# A window of more than 30 seconds is cut to 30 after the first try.
from random import Random


class Backoff:
    def __init__(self, rng, window_s):
        self.rng = rng
        self.window_s = window_s
        self.attempt = 0

    def wait(self):
        width = self.window_s
        if self.attempt > 0:
            width = min(30, max(self.window_s, 2 ** min(self.attempt - 1, 5)))
        self.attempt += 1
        return self.rng.uniform(0, width)

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.attempt = 0
