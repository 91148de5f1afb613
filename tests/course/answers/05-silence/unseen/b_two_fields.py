class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at, self.pinged_at, self.dead = now, None, False

    def heard(self, now):
        self.heard_at, self.pinged_at = now, None

    def due(self, now):
        if self.dead:
            return "dead"
        if now < self.next_at():
            return "quiet"
        if self.pinged_at is None:
            self.pinged_at = now
            return "ping"
        self.dead = True
        return "dead"

    def next_at(self):
        if self.pinged_at is None:
            return self.heard_at + self.ping_s
        return self.pinged_at + self.patience_s
