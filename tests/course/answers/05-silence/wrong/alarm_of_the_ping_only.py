# misconception: wrong-alarm
# caught by: next-at
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
        if self.pinged_at is None and now - self.heard_at >= self.ping_s:
            self.pinged_at = now
            return "ping"
        return "quiet"

    def next_at(self):
        return self.heard_at + self.ping_s
