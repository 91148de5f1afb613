# wrong
# One silence gets a ping at every due while the patience runs.



class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.last = now
        self.asked_at = None
        self.dead = False

    def heard(self, now):
        self.last = now
        self.asked_at = None

    def due(self, now):
        if self.dead:
            return "dead"
        if self.asked_at is not None and now >= self.asked_at + self.patience_s:
            self.dead = True
            return "dead"
        if now >= self.last + self.ping_s:
            if self.asked_at is None:
                self.asked_at = now
            return "ping"
        return "quiet"

    def next_at(self):
        return self.last + self.ping_s if self.asked_at is None else self.asked_at + self.patience_s
