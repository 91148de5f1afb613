# wrong
# It draws from a width that doubles on and bounds the drawn value by 30, so many clients wait exactly 30 seconds.
class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s, self.n = rng, window_s, 0

    def wait(self):
        width = self.window_s if self.n == 0 else max(self.window_s, 2 ** (self.n - 1))
        self.n += 1
        return min(self.rng.uniform(0, width), max(30, self.window_s))

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.n = 0
