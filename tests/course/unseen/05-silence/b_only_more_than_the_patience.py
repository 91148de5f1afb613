# wrong
# Exactly patience_s after the ping it still says quiet, since it compares with > only.
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at, self.pinged_at, self.dead = now, None, False

    def heard(self, now):
        self.heard_at, self.pinged_at = now, None

    def due(self, now):
        if self.dead:
            return "dead"
        if self.pinged_at is None:
            if now - self.heard_at >= self.ping_s:
                self.pinged_at = now
                return "ping"
        elif now - self.pinged_at > self.patience_s:
            self.dead = True
            return "dead"
        return "quiet"

    def next_at(self):
        return self.heard_at + self.ping_s if self.pinged_at is None else self.pinged_at + self.patience_s
