"""Signals that end a program, on loops with and without signal handlers."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from labkit.platform.signals import interrupting, stop_early


class WithoutHandlers(asyncio.SelectorEventLoop):
    """As on Windows: signals reach plain handlers only."""

    def add_signal_handler(self, *_: object) -> None:
        raise NotImplementedError

    def remove_signal_handler(self, *_: object) -> bool:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers):
        signal.signal(number, handler)


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, WithoutHandlers])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_and_a_second_ctrl_c_ends(
    loop: Callable[[], asyncio.AbstractEventLoop], number: int
) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        stop_early(stop.set)
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 10)
        if number != signal.SIGHUP:
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def test_interrupting_raises_once_and_gives_back_the_handlers() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interrupting():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


ASKED = """import os, signal, sys
from labkit.platform.signals import on_request
on_request(lambda number, is_for_all: (print(int(number), is_for_all, flush=True), sys.exit()))
print("up", flush=True)
while True:
    signal.pause()
"""


def test_ctrl_c_in_a_terminal_is_for_all() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASKED])
    with open(terminal, "r+b", buffering=0) as screen:
        seen = b""
        while b"up" not in seen:
            seen += screen.read(100)
        screen.write(b"\x03")
        while b"True" not in seen and b"False" not in seen:
            seen += screen.read(100)
        os.waitpid(pid, 0)
    assert b"2 True" in seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signal_without_a_terminal_is_for_this_program_alone(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ASKED], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        child.send_signal(number)
        assert child.stdout.readline() == b"%d False\n" % number


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, WithoutHandlers])
def test_interrupting_a_loop_leaves_no_callback_half_done(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    done: list[str] = []

    def callback() -> None:
        signal.raise_signal(signal.SIGTERM)
        done.append("callback")

    async def main() -> None:
        asyncio.get_running_loop().call_soon(callback)
        try:
            await asyncio.sleep(60)
        finally:
            done.append("cleanup")

    with pytest.raises(KeyboardInterrupt), interrupting(), asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
    assert done == ["callback", "cleanup"]
