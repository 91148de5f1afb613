"""A program that the review started: a client to be reviewed, or the server. It has a process group of its own, as a
command may be a script that starts others, and all of them end with it.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from labkit.platform.processes import tree_rss_kb
from labkit.review.finding import CannotTell

TAIL_BYTES = 4000


class Process:
    """It runs, or has ended. What it prints goes to `printed`, which closes with it."""

    def __init__(self, child: asyncio.subprocess.Process, printed: IO[bytes]) -> None:
        self._child = child
        self._printed = printed

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._child.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """How it ended; minus the signal's number where one ended it."""
        return self._child.returncode

    @property
    def last_words(self) -> str:
        """The last line that it printed; of those that name an error the last, where one does."""
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - TAIL_BYTES))
        lines = self._printed.read().decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in lines if "Error: " in line]  # a runtime may print its version behind it
        return (errors or lines or [""])[-1].strip()

    @property
    def rss_kb(self) -> int:
        """The memory of it and its children, in KiB; 0 when it has ended."""
        return round(tree_rss_kb(self._child.pid))

    def line(self, text: str) -> None:
        """One line on its standard input."""
        assert self._child.stdin is not None
        with suppress(OSError, RuntimeError):  # it may be over
            self._child.stdin.write(f"{text}\n".encode())

    async def ended(self, patience_s: float) -> bool:
        """Whether it is over within that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._child.wait()
        return self.has_ended

    async def end(self) -> None:
        """End it and its children, however they feel about that."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()
        self._printed.close()


async def start(words: Sequence[str], environment: Mapping[str, str], printed: IO[bytes]) -> Process:
    """Start this; its output goes to `printed`. Raises CannotTell when there is no such program."""
    try:
        child = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        printed.close()
        raise CannotTell(f"cannot start {words[0]!r}: {error.strerror or error}") from None
    return Process(child, printed)


def unread(ours: socket.socket) -> int:
    """Bytes that came to the other end of a connection, and that its process has not read; 0 where nobody can tell.

    Only where that end is on this machine, and the machine is a Linux.
    """
    near, far = f":{ours.getsockname()[1]:04X}", f":{ours.getpeername()[1]:04X}"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for row in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            _, local, remote, _, queues, *_ = row.split()
            if local.endswith(far) and remote.endswith(near):
                return int(queues.partition(":")[2], 16)
    return 0
