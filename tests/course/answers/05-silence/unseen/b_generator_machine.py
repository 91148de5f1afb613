class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self._at = None
        self._machine = self._run(ping_s, patience_s, now)
        next(self._machine)

    def _run(self, ping_s, patience_s, now):
        self._at = now + ping_s
        answer, waiting = None, False
        while True:
            word, when = yield answer
            answer = "quiet"
            if word == "heard":
                self._at, waiting = when + ping_s, False
            elif when >= self._at and waiting:
                break
            elif when >= self._at:
                self._at, waiting, answer = when + patience_s, True, "ping"
        while True:
            yield "dead"

    def heard(self, now):
        self._machine.send(("heard", now))

    def due(self, now):
        return self._machine.send(("due", now))

    def next_at(self):
        return self._at
