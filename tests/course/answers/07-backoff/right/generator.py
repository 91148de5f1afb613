from itertools import chain, repeat


def widths(window_s):
    yield window_s
    for width in chain((1, 2, 4, 8, 16), repeat(30)):
        yield max(width, window_s)


class Backoff:
    def __init__(self, rng, window_s):
        self._rng, self._window_s = rng, window_s
        self._widths = widths(window_s)

    def wait(self):
        return self._rng.random() * next(self._widths)

    def ended(self, was_let_in, lived_s):
        proved = was_let_in and lived_s >= 10
        if proved:
            self._widths = widths(self._window_s)
