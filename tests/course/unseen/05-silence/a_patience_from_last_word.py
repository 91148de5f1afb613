# wrong
# The patience counts from the last word plus ping_s, not from the moment in which ping was said.



class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s = ping_s
        self.patience_s = patience_s
        self.heard_at = now
        self.asked = False
        self.dead = False

    def heard(self, now):
        self.heard_at = now
        self.asked = False

    def due(self, now):
        if self.dead:
            return "dead"
        silence = now - self.heard_at
        if self.asked and silence >= self.ping_s + self.patience_s:
            self.dead = True
            return "dead"
        if not self.asked and silence >= self.ping_s:
            self.asked = True
            return "ping"
        return "quiet"

    def next_at(self):
        if self.asked:
            return self.heard_at + self.ping_s + self.patience_s
        return self.heard_at + self.ping_s
