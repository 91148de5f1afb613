"""Run your own class as the heartbeat of a server's connections, for lessons and experiments: `Server(heartbeat=Mine)`.

    class Mine:
        def __init__(self, interval_s, timeout_s, now): ...   # the server's ping_interval_s and ping_timeout_s
        def beat(self, now): ...                               # "ping", "dead" (closes with 4408), or None
        def pong(self, now): ...                               # the answer to the latest ping arrived

The server calls `beat` about every TICK_S seconds. Its decision is the only one: if the class raises something, its
members are no longer pinged, and the server reports the fault.
"""

from collections.abc import Callable
from typing import Any, Protocol

from labkit.rules.heartbeat import Beat, Heartbeat
from labkit.wire.seams.learners_class import OwnClass

TICK_S = 0.1
DECISIONS = {"ping": Beat.PING, "dead": Beat.DEAD, None: Beat.WAIT}


class Beating(Protocol):
    """What your class has to offer."""

    def beat(self, now: float) -> str | None:
        """Return "ping", "dead" or None."""
        ...

    def pong(self, now: float) -> object:
        """Record the answer to the latest ping."""
        ...


NewBeating = Callable[[float | None, float, float], Beating]
NewHeartbeat = Callable[[float | None, float, float, float], Heartbeat]


class OwnHeartbeat(Heartbeat):
    """A heartbeat that an object of yours decides. Payloads and round trips are counted here."""

    __slots__ = ("_beating", "_fault")

    def __init__(self, beating: Beating | None, now: float, fault: Callable[[str], None]) -> None:
        """Without an object, it never pings. `fault` gets what the object raises."""
        super().__init__(None, 0, now, 0)
        self._beating = beating
        self._fault = fault
        self.next_at = now + TICK_S

    def beat(self, now: float) -> Beat:
        """Ask your object what to do."""
        self.next_at = now + TICK_S
        decision = DECISIONS.get(self._answer("beat", now))
        if decision is None:
            self._failed("beat must return 'ping', 'dead' or None")
            return Beat.WAIT
        if decision is Beat.PING:
            self._count += 1
            self._pinged_at = now
        return decision

    def pong(self, payload: bytes, now: float) -> bool:
        """Pass the answer to the latest ping on to your object. Return False for any other pong."""
        if self._pinged_at is None or payload != self.payload:
            return False
        self.round_trip_s = now - self._pinged_at
        self._pinged_at = None
        self._answer("pong", now)
        return True

    def _answer(self, method: str, now: float) -> Any:
        try:
            answer = None if self._beating is None else getattr(self._beating, method)(now)
            hash(answer)
        except Exception as error:
            self._failed(f"{method} raised {type(error).__name__}: {error}")
            return None
        return answer

    def _failed(self, what: str) -> None:
        self._fault(f"{type(self._beating).__name__}.{what}")
        self._beating = None


class HeartbeatMaker(OwnClass):
    """Creates the heartbeats of a server's connections. `faults` holds what your class raised."""

    def __call__(self, interval_s: float | None, timeout_s: float, now: float, _: float) -> Heartbeat:
        """Create one connection's heartbeat. It never pings if your class cannot be created."""
        return OwnHeartbeat(self.made(interval_s, timeout_s, now), now, self.add)
