from dataclasses import dataclass
from random import Random


@dataclass
class Backoff:
    rng: Random
    window_s: float
    step: float | None = None

    def wait(self):
        step, self.step = self.step, self._after(self.step)
        width = self.window_s if step is None else max(step, self.window_s)
        return self.rng.uniform(0.0, width)

    @staticmethod
    def _after(step):
        if step is None:
            return 1
        return step * 2 if step < 16 else 30

    def ended(self, was_let_in, lived_s):
        self.step = None if was_let_in and lived_s >= 10 else self.step
