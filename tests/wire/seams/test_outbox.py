"""Your own class as a server's outbox: its decisions, and what happens when it raises."""

from collections import deque
from typing import Any

import pytest

from labkit.rules.outbox import Offer
from labkit.wire.seams.outbox import OutboxMaker


class Counted:
    """Three frames may wait."""

    def __init__(self, max_bytes: int, max_age_s: float | None) -> None:
        self.limits = max_bytes, max_age_s
        self.waiting: deque[bytes] = deque()

    def offer(self, frame: bytes, now: float) -> bool:
        """Keep up to three frames."""
        if len(self.waiting) == 3:
            return False
        self.waiting.append(frame)
        return True

    def take(self, most_bytes: int) -> list[bytes]:
        """Return one frame."""
        return [self.waiting.popleft()] if self.waiting else []


def test_class_decides_and_sizes_are_counted() -> None:
    box = OutboxMaker(Counted)(10, None)
    assert [box.offer(b"x" * 100, now) for now in (1.0, 2.0, 3.0, 4.0)] == [Offer.ACCEPTED] * 3 + [Offer.OVERFLOW]
    assert box.statistics(4.0)[1:] == (300, 0, 3.0, 300)
    assert box.take(1000) == b"x" * 100
    assert (box.queued_bytes, box.in_flight_bytes) == (200, 100)
    box.delivered()
    assert box.statistics(4.0).oldest_age_s == 2.0
    assert not box.is_too_old(1e9)


def test_class_gets_the_limits_and_each_member_an_object() -> None:
    made: list[Counted] = []

    def new(*limits: Any) -> Counted:
        made.append(Counted(*limits))
        return made[-1]

    maker = OutboxMaker(new)
    first, second = maker(10, 5), maker(10, None)
    first.offer(b"x", 0.0)
    assert [box.limits for box in made] == [(10, 5), (10, None)]
    assert second.queued_bytes == 0 == len(made[1].waiting)


def test_dropped_outbox_holds_and_accepts_nothing() -> None:
    box = OutboxMaker(Counted)(10, None)
    box.offer(b"x", 0.0)
    box.drop()
    assert (box.queued_bytes, box.take(10), box.offer(b"y", 1.0)) == (0, b"", Offer.OVERFLOW)


def test_nothing_waits_when_take_returns_nothing() -> None:
    class Forgetful(Counted):
        def take(self, _: int) -> list[bytes]:
            return []

    box = OutboxMaker(Forgetful)(10, None)
    box.offer(b"x", 0.0)
    assert box.take(10) == b"" and box.queued_bytes == 0  # or the server would ask forever


@pytest.mark.parametrize("result", [[b"x", b"y", b"z"], [b""] * 9])
def test_more_than_was_offered_leaves_no_debt(result: list[bytes]) -> None:
    class Generous(Counted):
        def take(self, _: int) -> list[bytes]:
            return result

    box = OutboxMaker(Generous)(10, None)
    box.offer(b"x", 0.0)
    box.take(10)
    assert box.queued_bytes == 0


@pytest.mark.parametrize("method", ["offer", "take", "__init__"])
@pytest.mark.parametrize("result", [None, 7, ["text"]])
def test_fault_is_reported_once_and_everything_is_refused(method: str, result: Any) -> None:
    def wrong(*_: Any) -> Any:
        if method == "take" and result is not None:
            return result
        raise KeyError("no such frame")

    maker = OutboxMaker(type("Mine", (Counted,), {method: wrong}))
    for _ in range(2):
        box = maker(10, None)
        box.offer(b"x", 0.0)
        box.take(10)
        assert box.offer(b"y", 1.0) is Offer.OVERFLOW
    (fault,) = maker.faults
    assert fault.startswith("Mine") and ("KeyError" in fault or "TypeError" in fault)
