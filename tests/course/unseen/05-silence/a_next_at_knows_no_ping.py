# wrong
# next_at always answers with the time of the next ping, also when a ping is out and dead is what comes next.



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
        if self.is_dead:
            return "dead"
        if self.pinged_at is not None and now < self.pinged_at + self.patience_s:
            return "quiet"
        if now < self.heard_at + self.ping_s:
            return "quiet"
        if self.pinged_at is None:
            self.pinged_at = now
            return "ping"
        self.is_dead = True
        return "dead"

    def next_at(self):
        return self.heard_at + self.ping_s
