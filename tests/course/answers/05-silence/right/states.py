from enum import Enum


class State(Enum):
    ALIVE = 1
    ASKED = 2
    DEAD = 3


class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self._waits = {State.ALIVE: ping_s, State.ASKED: patience_s, State.DEAD: 0}
        self._state, self._since = State.ALIVE, now

    def heard(self, now):
        if self._state is not State.DEAD:
            self._state, self._since = State.ALIVE, now

    def next_at(self):
        return self._since + self._waits[self._state]

    def due(self, now):
        if self._state is State.DEAD:
            return "dead"
        if now < self.next_at():
            return "quiet"
        self._since = now
        if self._state is State.ALIVE:
            self._state = State.ASKED
            return "ping"
        self._state = State.DEAD
        return "dead"
