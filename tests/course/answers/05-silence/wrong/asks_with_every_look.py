# misconception: pings-again-and-again
# caught by: once
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s = ping_s
        self.patience_s = patience_s
        self.heard_at = now
        self.pinged_at = None
        self.is_dead = False

    def heard(self, now):
        self.heard_at = now
        self.pinged_at = None

    def due(self, now):
        if self.is_dead or (self.pinged_at is not None and now - self.pinged_at >= self.patience_s):
            self.is_dead = True
            return "dead"
        if now - self.heard_at >= self.ping_s:
            self.pinged_at = self.pinged_at or now
            return "ping"
        return "quiet"

    def next_at(self):
        if self.pinged_at is None:
            return self.heard_at + self.ping_s
        return self.pinged_at + self.patience_s
