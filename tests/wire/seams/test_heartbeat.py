"""Your own class as a server's heartbeat: its decisions, and what happens when it raises."""

from typing import Any

import pytest

from labkit.rules.heartbeat import Beat
from labkit.wire.seams.heartbeat import TICK_S, HeartbeatMaker


class Scripted:
    """Decides as its script says."""

    script: tuple[Any, ...] = ("ping", None, "dead")

    def __init__(self, *given: float) -> None:
        self.given = given
        self.left = list(self.script)
        self.pongs: list[float] = []

    def beat(self, now: float) -> Any:
        """Return the next decision."""
        return self.left.pop(0)

    def pong(self, now: float) -> None:
        """Remember when."""
        self.pongs.append(now)


def made_by(maker: HeartbeatMaker) -> Any:
    return maker(3, 2, 1.0, 0.5)


def test_class_decides_at_every_tick() -> None:
    made: list[Scripted] = []

    def new(*given: float) -> Scripted:
        made.append(Scripted(*given))
        return made[-1]

    beating = made_by(HeartbeatMaker(new))
    assert made[0].given == (3, 2, 1.0)
    assert [beating.beat(now) for now in (1.0, 2.0, 3.0)] == [Beat.PING, Beat.WAIT, Beat.DEAD]
    assert beating.next_at == 3.0 + TICK_S


def test_only_the_answer_to_the_latest_ping_counts() -> None:
    made: list[Scripted] = []
    beating = made_by(HeartbeatMaker(lambda *given: made.append(Scripted(*given)) or made[-1]))
    assert not beating.pong(beating.payload, 1.0)  # nothing was asked
    beating.beat(1.0)
    assert not beating.pong(b"another", 1.2)
    assert beating.pong(beating.payload, 1.5) and not beating.pong(beating.payload, 1.6)
    assert made[0].pongs == [1.5] and beating.round_trip_s == 0.5


@pytest.mark.parametrize("method", ["beat", "pong", "__init__"])
def test_fault_is_reported_once_and_nobody_is_closed(method: str) -> None:
    def wrong(*_: Any) -> Any:
        raise KeyError("no such time")

    maker = HeartbeatMaker(type("Mine", (Scripted,), {method: wrong}))
    for _ in range(2):
        beating = made_by(maker)
        first = beating.beat(1.0)
        assert first is (Beat.PING if method == "pong" else Beat.WAIT)
        beating.pong(beating.payload, 1.5)
        assert [beating.beat(2.0), beating.beat(3.0)] == [Beat.WAIT, Beat.WAIT]
    (fault,) = maker.faults
    assert fault.startswith("Mine") and "KeyError" in fault


@pytest.mark.parametrize("decision", [True, "DEAD", 7, [], {}])
def test_unknown_decision_is_a_fault(decision: Any) -> None:
    maker = HeartbeatMaker(type("Mine", (Scripted,), {"script": (decision,)}))
    assert made_by(maker).beat(1.0) is Beat.WAIT
    assert maker.faults and maker.faults[0].startswith("Mine.beat")
