from enum import Enum


class State(Enum):
    LISTENING = "ping"
    ASKED = "dead"
    DEAD = "gone"


class Watchdog:
    def __init__(self, ping_s, patience_s, now):
        self._ping_s = ping_s
        self._patience_s = patience_s
        self._enter(State.LISTENING, now + ping_s)

    def _enter(self, state, deadline):
        self._state, self._deadline = state, deadline

    def heard(self, now):
        if self._state is not State.DEAD:
            self._enter(State.LISTENING, now + self._ping_s)

    def due(self, now):
        match self._state:
            case State.DEAD:
                return "dead"
            case _ if now < self._deadline:
                return "quiet"
            case State.LISTENING:
                self._enter(State.ASKED, now + self._patience_s)
                return "ping"
            case State.ASKED:
                self._enter(State.DEAD, self._deadline)
                return "dead"

    def next_at(self):
        return self._deadline
