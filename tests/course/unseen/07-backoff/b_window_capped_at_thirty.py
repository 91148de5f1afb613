# wrong
# The cap of 30 is applied last, so a window of more than 30 seconds is cut down to 30.
class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s, self.n = rng, window_s, 0

    def wait(self):
        grown = 0 if self.n == 0 else 2 ** min(self.n - 1, 5)
        self.n += 1
        return self.rng.uniform(0, min(30, max(self.window_s, grown)))

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.n = 0
