class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self._ping_s, self._patience_s = ping_s, patience_s
        self._state, self._deadline = "listening", now + ping_s

    def heard(self, now):
        if self._state != "dead":
            self._state, self._deadline = "listening", now + self._ping_s

    def due(self, now):
        if self._state == "dead":
            return "dead"
        if now >= self._deadline:
            if self._state == "listening":
                self._state, self._deadline = "waiting", now + self._patience_s
                return "ping"
            self._state = "dead"
            return "dead"
        return "quiet"

    def next_at(self):
        return self._deadline
