# misconception: wait-is-no-number
# caught by: cap
class Backoff:
    def __init__(self, rng, window_s):
        self.rng = rng
        self.window_s = window_s
        self.tries = 0

    def wait(self):
        width = max(self.window_s, (0, 1, 2, 4, 8, 16, 30, 30, 30)[self.tries])
        self.tries += 1
        return self.rng.uniform(0, width)

    def ended(self, was_let_in, lived_s):
        if was_let_in and lived_s >= 10:
            self.tries = 0
