# wrong
# 2.0 ** n raises OverflowError after a bit more than a thousand tries; it does not last however long.
class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s, self.tries = rng, window_s, 0

    def wait(self):
        if self.tries == 0:
            width = self.window_s
        else:
            width = max(min(2.0 ** (self.tries - 1), 30.0), self.window_s)
        self.tries += 1
        return self.rng.uniform(0, width)

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.tries = 0
