"""How a verb that has begun something is told to end, when it is not by Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def interrupting() -> Iterator[None]:
    """SIGTERM, and SIGHUP as a closed terminal sends it, come as Ctrl-C does: what was begun is put away.

    One that is ignored (nohup) stays so. The first one counts: a terminal may say it twice, and to put away takes time.
    """
    usual = {number: signal.getsignal(number) for number in ENDS}

    def end(number: int, frame: FrameType | None) -> None:
        for one in usual:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number, handler in usual.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
