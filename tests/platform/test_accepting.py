"""Accepting: a bounded number per turn of the loop, and a rest when nothing can be accepted."""

import asyncio
import errno
import socket
from collections.abc import Callable
from itertools import pairwise

import pytest

from labkit.platform import accepting as accepting_module
from labkit.platform.accepting import BACKLOG, PER_TURN, Accepting
from tests.wire.raw import until


@pytest.fixture(params=["readiness", "completion"], autouse=True)
def loop_reports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop says when a socket is ready, or, as on Windows, only when an accept has completed."""
    if request.param == "completion":
        monkeypatch.setattr(accepting_module, "watches_sockets", lambda loop: False)


class Failing(socket.socket):
    """Its accept fails as it is told to, then works."""

    def __init__(self, next_error: Callable[[], int | None]) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.bind(("127.0.0.1", 0))
        self.next_error = next_error
        self.calls = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.calls += 1
        number = self.next_error()
        if number is not None:
            raise OSError(number, "planted")
        return super().accept()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EPERM])
async def test_it_tries_rarely_while_nothing_can_be_accepted(number: int) -> None:
    """Not as often as the loop turns, and not the backlog times a turn; what waited is accepted afterwards."""
    fails, taken = [True], []
    listener = Failing(lambda: number if fails[0] else None)
    faults: list[OSError] = []
    accepting = Accepting(listener, taken.append, faults.append)
    accepting.start()
    with socket.create_connection(listener.getsockname()):
        await until(lambda: len(faults) == 4)
        assert listener.calls == 4 and taken == []
        fails[0] = False
        await until(lambda: len(taken) == 1)
    accepting.stop()
    taken[0].close()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO])
async def test_a_connection_lost_while_it_waited_is_no_fault(number: int) -> None:
    """The next one is accepted in the same turn."""
    errors = iter([number])
    listener, faults, taken = Failing(lambda: next(errors, None)), [], []
    accepting = Accepting(listener, taken.append, faults.append)
    accepting.start()
    with socket.create_connection(listener.getsockname()):
        await until(lambda: len(taken) == 1)
    assert faults == []
    accepting.stop()
    taken[0].close()


async def test_other_work_gets_its_turn_between_accepts() -> None:
    """The kernel holds a storm of connections; the loop turns after every few."""
    taken: list[socket.socket] = []
    by_turn = [0]
    listener = socket.create_server(("127.0.0.1", 0))
    accepting = Accepting(listener, taken.append)
    accepting.start()
    loop = asyncio.get_running_loop()

    def turn() -> None:
        by_turn.append(len(taken))
        if len(taken) < 5 * PER_TURN:
            loop.call_soon(turn)

    clients = [socket.create_connection(listener.getsockname()) for _ in range(5 * PER_TURN)]
    loop.call_soon(turn)
    await until(lambda: by_turn[-1] == 5 * PER_TURN)
    assert max(after - before for before, after in pairwise(by_turn)) <= PER_TURN
    accepting.stop()
    for sock in [*clients, *taken]:
        sock.close()


async def test_stopped_it_accepts_no_more() -> None:
    """Not even what arrived before; also from within `take`, and while it rests."""
    taken: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))
    accepting = Accepting(listener, lambda sock: (taken.append(sock), accepting.stop()))
    accepting.start()
    clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    await until(lambda: len(taken) == 1)
    accepting.stop()
    await asyncio.sleep(0.01)
    assert len(taken) == 1 and listener.fileno() == -1
    resting = Failing(lambda: errno.EMFILE)
    faults: list[OSError] = []
    accepting = Accepting(resting, taken.append, faults.append)
    accepting.start()
    clients.append(socket.create_connection(resting.getsockname()))
    await until(lambda: len(faults) == 1)
    accepting.stop()
    await asyncio.sleep(0.1)
    assert len(faults) == 1
    for sock in [*clients, *taken]:
        sock.close()


def test_the_backlog_is_for_storms() -> None:
    """asyncio's 100 costs a storm of a thousand seconds."""
    assert BACKLOG >= 1_000


async def test_accepted_socket_does_not_wait_for_more_to_send() -> None:
    """Nagle's algorithm and a delayed acknowledgement would add 40 ms to every second message."""
    taken: list[socket.socket] = []
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    accepting = Accepting(listener, taken.append)
    accepting.start()
    with socket.create_connection(listener.getsockname()):
        await until(lambda: len(taken) == 1)
        assert taken[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    accepting.stop()
    taken[0].close()
