from itertools import chain, repeat


class Backoff:
    def __init__(self, rng, window_s):
        self._rng = rng
        self._fresh = lambda: chain([window_s], (max(w, window_s) for w in chain((1, 2, 4, 8, 16), repeat(30))))
        self._widths = self._fresh()

    def wait(self):
        return self._rng.random() * next(self._widths)

    def ended(self, was_let_in, lived_s):
        if not was_let_in or lived_s < 10:
            return
        self._widths = self._fresh()
