# misconception: jitter-too-narrow
# caught by: first-wait
class Backoff:
    def __init__(self, rng, window_s):
        self.rng = rng
        self.window_s = window_s
        self.tries = 0

    def wait(self):
        width = self.window_s
        if self.tries > 0:
            width = max(self.window_s, min(30.0, 2.0 ** min(self.tries - 1, 10)))
        self.tries += 1
        return width * self.rng.uniform(0.7, 1.0)

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.tries = 0
