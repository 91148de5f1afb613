from random import Random


from itertools import chain, repeat


class Backoff:
    def __init__(self, rng, window_s):
        self.rng, self.window_s = rng, window_s
        self.widths = self._fresh()

    def _fresh(self):
        steps = chain([self.window_s], (2**n for n in range(5)), repeat(30))
        return (max(step, self.window_s) for step in steps)

    def wait(self):
        return self.rng.uniform(0.0, next(self.widths))

    def ended(self, was_let_in, lived_s):
        if was_let_in and not lived_s < 10:
            self.widths = self._fresh()
