"""`ask`: try out a handler with one line in a notebook.

    await ask(handler, {"type": "auth", "token": TOKEN}, {"type": "ping"})      ->  ['auth_ok', 'pong']

It serves the handler, sends these messages, and returns the type of each reply, then how the connection closed.
"""

import asyncio
import json
import logging
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

QUIET_S = 0.5


async def ask(handler: Any, *messages: dict[str, Any] | str, quiet_s: float = QUIET_S) -> list[str]:
    """Return a handler's replies until it closes or sends nothing for `quiet_s` seconds.

    A message may also be a plain string.
    """
    quiet = logging.Logger("ask")  # what the handler raises shows as close 1011
    quiet.addHandler(logging.NullHandler())
    async with serve(handler, "127.0.0.1", 0, ping_interval=None, logger=quiet) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None, ping_interval=None) as socket:
            received: list[str] = []
            try:
                for message in messages:
                    await socket.send(message if isinstance(message, str) else json.dumps(message))
                while True:
                    async with asyncio.timeout(quiet_s):
                        received.append(_type(await socket.recv()))
            except TimeoutError:
                return received
            except ConnectionClosed as closed:
                frame = closed.rcvd
                return [*received, f"close {frame.code} {frame.reason}".rstrip() if frame else "close 1006"]


def _type(text: str | bytes) -> str:
    try:
        return str(json.loads(text)["type"])
    except (ValueError, KeyError, TypeError):
        return str(text)
