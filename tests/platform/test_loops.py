"""What the selectors of a system can do."""

import socket
from selectors import EVENT_READ, SelectorKey, SelectSelector

from labkit.bench.storm.real import RealClock
from labkit.platform.loops import ready


class OnWindows(SelectSelector):
    """A selector that waits for no sockets as Windows does: it refuses."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if not self.get_map():
            raise OSError(10022, "An invalid argument was supplied")
        return super().select(timeout)


def test_nothing_to_watch_is_ready_after_the_wait() -> None:
    with OnWindows() as selector:
        assert ready(selector, 0) == []


def test_socket_with_data_is_ready() -> None:
    near, far = socket.socketpair()
    with near, far, OnWindows() as selector:
        watched = selector.register(near, EVENT_READ, "near")
        assert ready(selector, 0) == []
        far.send(b"x")
        assert ready(selector, 5) == [watched]


def test_storms_clock_runs_its_events_without_a_socket() -> None:
    clock, seen = RealClock(), []
    clock.selector.close()
    clock.selector = OnWindows()
    clock.at(0.01, seen.append, "due")
    with clock.selector:
        clock.run_until(5, lambda: bool(seen))
    assert seen == ["due"]
