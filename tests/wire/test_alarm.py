"""A deadline that passed while the process was suspended: what has arrived meanwhile is read first."""

import asyncio
import socket
import time

import pytest

from labkit.wire.alarm import LATE_S, Alarm


async def test_late_alarm_lets_the_loop_read_its_input_first() -> None:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    happened: list[str] = []
    rung = asyncio.Event()

    def suspended() -> None:
        theirs.send(b"pong")
        time.sleep(2 * LATE_S)

    def read() -> None:
        happened.append(ours.recv(4).decode())

    def ring() -> None:
        happened.append("deadline")
        rung.set()

    with ours, theirs:
        loop.add_reader(ours, read)
        at = loop.time() + 0.01
        loop.call_at(at - 0.001, suspended)
        Alarm(ring).arm(at)
        time.sleep(0.02)  # both are due in one turn of the loop
        await asyncio.wait_for(rung.wait(), 10)
        loop.remove_reader(ours)
    assert happened == ["pong", "deadline"]


@pytest.mark.parametrize("earlier_s", [0, 0.01])
async def test_alarm_rings_once_for_the_nearest_time(earlier_s: float) -> None:
    loop = asyncio.get_running_loop()
    happened: list[float] = []
    alarm = Alarm(lambda: happened.append(loop.time()))
    at = loop.time() + 0.02
    alarm.arm(at)
    alarm.arm(at - earlier_s)
    alarm.arm(at + 60)
    alarm.arm(None)
    await asyncio.sleep(0.3)
    assert len(happened) == 1
    assert happened[0] >= at - earlier_s - 0.001


def test_deadline_that_is_due_at_once_rings_on_uvloop() -> None:
    """Its `call_at` returns a handle that does not know its time, if that has come already."""
    uvloop = pytest.importorskip("uvloop", reason="uvloop does not exist for this system")

    async def main() -> None:
        rung = asyncio.Event()
        alarm = Alarm(rung.set)
        for late_s in (0.0, 1.0):
            rung.clear()
            alarm.arm(asyncio.get_running_loop().time() - late_s)
            alarm.arm(asyncio.get_running_loop().time() + 60)  # later than the one that is set: nothing changes
            await asyncio.wait_for(rung.wait(), 10)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
