"""Options of `labkit listen` and `labkit say`, and a member whose failures become one-line errors."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import reduce
from typing import Any

import click

from labkit.commands.failing import CannotRun
from labkit.wire.client.client import Client, ClientClosed, Refused, Stopped
from labkit.wire.client.room import ClientRoom

_OPTIONS = (
    click.argument("room_id", metavar="ROOM"),
    click.option("--url", default="ws://localhost:8080", show_default=True, help="The room server."),
    click.option("--token", default="dev-token", envvar="DEV_TOKEN", help="The token; safer in DEV_TOKEN."),
)


def member_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ROOM, --url and --token."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def run_member(url: str, token: str, room_id: str, act: Callable[[ClientRoom], Coroutine[Any, Any, int]]) -> int:
    """Join the room, run `act` in it, and return its exit code. Raises CannotRun."""
    try:
        return asyncio.run(_joined(url, token, room_id, act))
    except (ValueError, TimeoutError, Refused, Stopped, ClientClosed) as error:
        raise CannotRun(str(error)) from None


async def _joined(url: str, token: str, room_id: str, act: Callable[[ClientRoom], Awaitable[int]]) -> int:
    async with Client(url, token) as client:
        return await act(await client.join(room_id))
