"""`labkit.run` and the loop behind it: from plain code, from another loop, interrupted, timed out, forked."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest

import labkit
from labkit.wire import background
from labkit.wire.server import Server


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_plain_code_gets_the_result() -> None:
    """Of a coroutine, and of any other awaitable."""
    assert labkit.run(double(21)) == 42

    class Later:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield from asyncio.sleep(0).__await__()
            return "later"

    assert labkit.run(Later()) == "later"


def test_what_the_coroutine_raises_is_raised_here() -> None:
    """As it is, also a TimeoutError of its own."""

    async def fail(error: Exception) -> None:
        raise error

    with pytest.raises(KeyError, match="gone"):
        labkit.run(fail(KeyError("gone")))
    with pytest.raises(TimeoutError, match="its own"):
        labkit.run(fail(TimeoutError("its own")), timeout=5)


def test_timeout_raises_and_cancels() -> None:
    """The coroutine's `finally` runs; nothing goes on unseen."""
    ended = threading.Event()

    async def stay() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(TimeoutError, match=r"not finished after 0\.05 s; it was cancelled"):
        labkit.run(stay(), timeout=0.05)
    assert ended.wait(5)


def test_run_on_the_background_loop_itself_raises() -> None:
    """It would wait for ever; and the coroutine that it was given is closed, so that Python has nothing to warn of."""

    async def wrong() -> str:
        with pytest.raises(RuntimeError, match="use await there"):
            labkit.run(double(1))
        return "told"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert labkit.run(wrong()) == "told"


def test_another_loop_may_call_it() -> None:
    """As a kernel's cell does: that loop stands still meanwhile, this one does not."""

    async def cell() -> int:
        return labkit.run(double(4))

    assert asyncio.run(cell()) == 8


def test_a_busy_cell_does_not_stop_the_loop() -> None:
    """A thread that only computes leaves the loop its turns."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.run_coroutine_threadsafe(tick(), background.loop())
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(1000))
    ticking.cancel()
    assert ticks > 50
    assert sys.getswitchinterval() == pytest.approx(background.SWITCH_INTERVAL_S)


def test_a_client_made_in_a_cell_lives_on_the_background_loop() -> None:
    """Made here, entered there, used from here."""
    server = Server(port=0)
    labkit.run(server.__aenter__())
    try:
        client = labkit.connect(server.url, "dev-token")
        labkit.run(client.__aenter__())
        room = labkit.run(client.join("demo"))
        assert labkit.run(room.chat("hi"))["seq"] == 1
        assert labkit.run(anext(room))["text"] == "hi"
        labkit.run(client.close())
    finally:
        labkit.run(server.drain())
    assert background.deaths() == []


INTERRUPTED = """
import asyncio, signal, threading, time, labkit, os

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
ended = threading.Event()

async def stay():
    try:
        print("waiting", flush=True)
        await asyncio.sleep(60)
    finally:
        ended.set()

try:
    labkit.run(stay())
except KeyboardInterrupt:
    print("interrupted", ended.wait(5))
print(labkit.run(asyncio.sleep(0, "alive")))
"""


def test_ctrl_c_cancels_the_coroutine_but_not_the_loop() -> None:
    """In a process of its own, as it is a signal."""
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted True\nalive\n"
    assert child.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_gets_a_loop_of_its_own() -> None:
    """The parent's thread does not exist there; waiting for it would be for ever."""
    script = (
        "import os, labkit, asyncio\n"
        "labkit.run(asyncio.sleep(0))\n"
        "pid = os.fork()\n"
        "if pid == 0: os._exit(labkit.run(asyncio.sleep(0, 7), timeout=5))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "7\n"


def test_a_task_that_dies_unseen_is_remembered() -> None:
    """Until one starts counting anew; `lab.health()` looks here."""

    async def start() -> None:
        await asyncio.wait([asyncio.create_task(die())])

    async def die() -> None:
        raise ValueError("nobody looked")

    background.forget_deaths()
    labkit.run(start())
    assert [death for death in background.deaths() if "nobody looked" in death]
    background.forget_deaths()
    assert background.deaths() == []
