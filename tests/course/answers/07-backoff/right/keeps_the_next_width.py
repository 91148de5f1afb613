from dataclasses import dataclass
from random import Random


@dataclass
class Backoff:
    rng: Random
    window_s: float
    doubled: float = 0.0

    def wait(self):
        width = max(self.window_s, self.doubled)
        self.doubled = 1.0 if self.doubled == 0.0 else min(30.0, 2 * self.doubled)
        return width * (1 - self.rng.random())

    def ended(self, was_let_in, lived_s):
        if not was_let_in or lived_s < 10:
            return
        self.doubled = 0.0
