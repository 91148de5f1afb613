# wrong
# next_at gives the time of the next ping even after the ping was said, instead of the end of the patience.
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at, self.pinged_at, self.dead = now, None, False

    def heard(self, now):
        self.heard_at, self.pinged_at = now, None

    def due(self, now):
        if self.dead:
            return "dead"
        if self.pinged_at is not None:
            self.dead = now >= self.pinged_at + self.patience_s
            return "dead" if self.dead else "quiet"
        if now >= self.heard_at + self.ping_s:
            self.pinged_at = now
            return "ping"
        return "quiet"

    def next_at(self):
        return max(self.heard_at, self.pinged_at or self.heard_at) + self.ping_s
