"""A program that the review started: the server or a client.

It has its own process group: the command may be a script that starts other programs, and all of them are killed with
it. If this process is killed, they end too.
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from labkit.evidence import CannotTell
from labkit.platform import orphans
from labkit.platform.children import OWN_GROUP, kill_group
from labkit.platform.processes import tree_rss_kb

TAIL_BYTES = 4000
_ERROR = re.compile(r"\b\w*(?:Error|Exception)(?: \[\w+\])?(?:: |$)")  # Node may put a code in brackets
_VERSION = re.compile(r"Node\.js v\d")  # its last line, after any error


class Process:
    """A running or finished program.

    Its output goes to the file `printed`, which `end` closes; `began_at`: where it begins there, in bytes.
    """

    def __init__(self, child: asyncio.subprocess.Process, printed: IO[bytes], began_at: int = 0) -> None:
        self._child = child
        self._printed = printed
        self._final_tail: str | None = None
        self._began_at = began_at

    @property
    def has_ended(self) -> bool:
        """Whether the program has ended."""
        return self._child.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """The program's exit code, or the negative signal number if a signal ended it."""
        return self._child.returncode

    @property
    def last_line(self) -> str:
        """The last line of output that names an error, or else the last line."""
        lines = [line for line in self.tail.splitlines() if line.strip() and not _VERSION.match(line)]
        errors = [line for line in lines if _ERROR.search(line)]
        return (errors or lines or [""])[-1].strip(" |\r\t")  # Python frames what an exception group holds

    @property
    def tail(self) -> str:
        """The last few thousand characters of output; they stay after `end`."""
        if self._final_tail is not None:
            return self._final_tail
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(self._began_at, size - TAIL_BYTES))
        return self._printed.read().decode("utf-8", "replace")

    @property
    def rss_kb(self) -> int:
        """The memory of the program and its children, in KiB; 0 if it has ended."""
        return round(tree_rss_kb(self._child.pid))

    def write_line(self, text: str) -> None:
        """Write one line to the program's standard input."""
        assert self._child.stdin is not None
        with suppress(OSError, RuntimeError):  # it may have ended
            self._child.stdin.write(f"{text}\n".encode())

    async def until_ended(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` seconds for the program to end. Return whether it has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._child.wait()
        return self.has_ended

    async def end(self) -> None:
        """Kill the program and its children. Calling it twice has no further effect."""
        if self._final_tail is None:
            kill_group(self._child.pid)
            await self._child.wait()
            orphans.ended(self._child.pid)
        if self._final_tail is None:  # another task may have done it meanwhile
            self._final_tail = self.tail
            self._printed.close()


async def start(
    command: Sequence[str], environment: Mapping[str, str], printed: IO[bytes], folder: Path | None = None
) -> Process:
    """Start a program in a folder; its output goes to `printed`. Raises CannotTell if that fails."""
    began_at = printed.seek(0, os.SEEK_END)  # before the start: a program before it may have written to the same file
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            env={**os.environ, **environment},
            cwd=folder,
            **OWN_GROUP,
        )
    except OSError as error:
        printed.close()
        raise CannotTell(f"cannot start {command[0]!r}: {error.strerror or error}") from None
    orphans.watch(child.pid)
    return Process(child, printed, began_at)
