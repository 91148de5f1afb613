"""Signals that end a program, on loops with and without signal handlers."""

import asyncio
import os
import signal
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
