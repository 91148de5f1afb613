# wrong
# A word that arrives after dead makes the connection live again.
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at, self.pinged_at = now, None

    def heard(self, now):
        self.heard_at = now
        self.pinged_at = None

    def due(self, now):
        if self.pinged_at is not None:
            return "dead" if now >= self.pinged_at + self.patience_s else "quiet"
        if now >= self.heard_at + self.ping_s:
            self.pinged_at = now
            return "ping"
        return "quiet"

    def next_at(self):
        if self.pinged_at is not None:
            return self.pinged_at + self.patience_s
        return self.heard_at + self.ping_s
