"""Ask an agent for a draft: a command that gets a prompt on its standard input, in an empty folder."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from labkit.platform import orphans, shell
from labkit.platform.children import OWN_GROUP, kill_group


class NoAgent(Exception):
    """The command of the agent cannot run; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the agent did. `exit_code`: None if it was stopped at the time limit; `log`: what it printed."""

    seconds: float
    exit_code: int | None
    log: Path

    @property
    def note(self) -> str:
        """What is unusual, in words; "" if it ended by itself with 0."""
        if self.exit_code is None:
            return f"the agent was stopped after {self.seconds:.0f} s"
        return "" if self.exit_code == 0 else f"the agent ended with exit code {self.exit_code}"


async def ask(
    command: str, prompt: str, folder: Path, log: Path, limit_s: float, environment: Mapping[str, str] | None = None
) -> Asked:
    """Run the agent in `folder`, with the prompt on its standard input, for at most `limit_s` seconds.

    What it started is stopped with it. Raises NoAgent if the command cannot run.
    """
    try:
        words = shell.split(command)
    except ValueError as error:
        raise NoAgent(f"cannot run {command!r}: {error}") from None
    if not words:
        raise NoAgent("--agent names no command")
    began = monotonic()
    with log.open("wb") as printed:
        try:
            child = await asyncio.create_subprocess_exec(
                *words,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=asyncio.subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                **OWN_GROUP,
            )
        except OSError as error:
            raise NoAgent(f"cannot run {words[0]!r}: {error.strerror or error}") from None
        exit_code: int | None = None
        orphans.watch(child.pid)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await _read(child, prompt)
                    exit_code = await child.wait()
        finally:
            kill_group(child.pid)
            await child.wait()
            orphans.ended(child.pid)
    return Asked(monotonic() - began, exit_code, log)


async def _read(child: asyncio.subprocess.Process, prompt: str) -> None:
    """Write the prompt; an agent that does not read all of it is its own business."""
    assert child.stdin is not None
    with suppress(OSError):
        child.stdin.write(prompt.encode())
        await child.stdin.drain()
    child.stdin.close()
