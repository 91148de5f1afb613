from random import Random


class Backoff:
    def __init__(self, rng, window_s):
        self._rng = rng
        self._window = window_s
        self._width = 0

    def wait(self):
        drawn = self._rng.random() * max(self._width, self._window)
        self._width = min(2 * self._width, 30) if self._width else 1
        return drawn

    def ended(self, was_let_in, lived_s):
        if not was_let_in or lived_s < 10:
            return
        self._width = 0
