# wrong
# Later widths are not kept at window_s at least: with a window of 5 the second width is 1.
class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s = rng, window_s
        self.widths = iter([window_s, 1, 2, 4, 8, 16])

    def wait(self):
        return self.rng.uniform(0, next(self.widths, max(30, self.window_s)))

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.widths = iter([self.window_s, 1, 2, 4, 8, 16])
