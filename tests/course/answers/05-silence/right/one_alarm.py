class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.ping_s, self.patience_s = ping_s, patience_s
        self.alarm, self.then = now + ping_s, "ping"

    def heard(self, now):
        if self.then != "dead for good":
            self.alarm, self.then = now + self.ping_s, "ping"

    def due(self, now):
        if self.then == "dead for good":
            return "dead"
        if now < self.alarm:
            return "quiet"
        if self.then == "ping":
            self.alarm, self.then = now + self.patience_s, "dead"
            return "ping"
        self.then = "dead for good"
        return "dead"

    def next_at(self):
        return self.alarm
