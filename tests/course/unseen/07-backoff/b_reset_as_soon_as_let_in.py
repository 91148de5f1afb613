# wrong
# A connection that was let in resets the backoff, however short it lived.
class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s, self.n = rng, window_s, 0

    def wait(self):
        width = self.window_s if self.n == 0 else max(self.window_s, min(30, 2 ** min(self.n - 1, 5)))
        self.n += 1
        return self.rng.uniform(0, width)

    def ended(self, was_let_in, lived_s):
        if was_let_in or lived_s >= 10:
            self.n = 0
