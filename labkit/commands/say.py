"""`labkit say ROOM`: send each line of standard input to a room."""

import asyncio
import threading
from collections.abc import AsyncIterator

import click

from labkit.commands.member import member_options, run_member
from labkit.wire.client.client import Refused
from labkit.wire.client.room import ClientRoom

STDIN = 0
EXAMPLES = """\b
Examples:
  echo hello | labkit say room:demo
  printf 'one\\ntwo\\n' | labkit say room:demo
"""


@click.command(epilog=EXAMPLES)
@member_options
def say(room_id: str, url: str, token: str) -> None:
    """Send each line of standard input to ROOM, and wait until the server has stored it. Skip empty lines.

    Exit 0: every line is stored. 1: the server refused one. 2: the room could not be joined, or the session ended.
    """
    raise click.exceptions.Exit(run_member(url, token, room_id, _say))


async def _say(room: ClientRoom) -> int:
    code = number = 0
    async for line in _lines():
        number += 1
        try:
            if line:
                await room.chat(line)
        except (Refused, ValueError) as error:
            click.echo(f"line {number} was not sent: {error}", err=True)
            code = 1
    return code


async def _lines() -> AsyncIterator[str]:
    """Yield the lines of standard input.

    A thread reads them, so that a blocked read delays neither the loop nor the exit.
    """
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None](1)

    def read() -> None:
        with open(STDIN, encoding="utf-8", errors="replace", closefd=False) as stdin:
            for line in stdin:
                asyncio.run_coroutine_threadsafe(queue.put(line.rstrip("\r\n")), loop).result()
        asyncio.run_coroutine_threadsafe(queue.put(None), loop).result()

    threading.Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
