QUIET, PING, DEAD = "quiet", "ping", "dead"


class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self.limits = (ping_s, patience_s)
        self.step = 0  # 0: nothing asked, 1: asked, 2: given up
        self.since = now

    def heard(self, now):
        match self.step:
            case 0 | 1:
                self.step, self.since = 0, now

    def due(self, now):
        if self.step < 2 and now >= self.next_at():
            self.step += 1
            self.since = now
            return (PING, DEAD)[self.step - 1]
        return DEAD if self.step == 2 else QUIET

    def next_at(self):
        return self.since + self.limits[min(self.step, 1)]
