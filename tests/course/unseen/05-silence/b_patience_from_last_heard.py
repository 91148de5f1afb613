# wrong
# The patience counts from the last word (ping_s + patience_s of silence), not from the moment of the ping.
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at, self.pinged, self.dead = now, False, False

    def heard(self, now):
        self.heard_at, self.pinged = now, False

    def due(self, now):
        if self.dead:
            return "dead"
        if now < self.next_at():
            return "quiet"
        if not self.pinged:
            self.pinged = True
            return "ping"
        self.dead = True
        return "dead"

    def next_at(self):
        return self.heard_at + self.ping_s + (self.patience_s if self.pinged else 0)
