# wrong
# With a patience longer than ping_s it pings a second time in the same silence.
class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.quiet_since, self.first_ping, self.dead = now, None, False

    def heard(self, now):
        self.quiet_since, self.first_ping = now, None

    def due(self, now):
        if self.dead or (self.first_ping is not None and now >= self.first_ping + self.patience_s):
            self.dead = True
            return "dead"
        if now >= self.quiet_since + self.ping_s:
            self.quiet_since = now
            if self.first_ping is None:
                self.first_ping = now
            return "ping"
        return "quiet"

    def next_at(self):
        at = self.quiet_since + self.ping_s
        return at if self.first_ping is None else min(at, self.first_ping + self.patience_s)
