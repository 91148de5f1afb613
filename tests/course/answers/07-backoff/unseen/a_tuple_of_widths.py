from random import Random


LATER = (1, 2, 4, 8, 16, 30)


class Backoff:
    def __init__(self, rng, window_s):
        self.rng = rng
        self.window_s = window_s
        self.tries = 0

    def wait(self):
        if self.tries == 0:
            width = self.window_s
        else:
            width = max(self.window_s, LATER[min(self.tries, len(LATER)) - 1])
        self.tries += 1
        return self.rng.uniform(0, width)

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.tries = 0
