"""`ask`: a small case for a handler, in one line of a notebook.

    await ask(handler, {"type": "auth", "token": TOKEN}, {"type": "ping"})      ->  ['auth_ok', 'pong']

It serves the handler, says these messages, and tells what came: the type of each answer, then how it was closed.
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
    """What a handler answers, until it closes or is quiet for so long. A message may be a text that is no JSON."""
    quiet = logging.Logger("ask")  # what the handler raises is seen as close 1011
    quiet.addHandler(logging.NullHandler())
    async with serve(handler, "127.0.0.1", 0, ping_interval=None, logger=quiet) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", ping_interval=None) as socket:
            heard: list[str] = []
            try:
                for message in messages:
                    await socket.send(message if isinstance(message, str) else json.dumps(message))
                while True:
                    async with asyncio.timeout(quiet_s):
                        heard.append(_told(await socket.recv()))
            except TimeoutError:
                return heard
            except ConnectionClosed as closed:
                how = closed.rcvd
                return [*heard, f"close {how.code} {how.reason}".rstrip() if how else "close 1006"]


def _told(text: str | bytes) -> str:
    try:
        return str(json.loads(text)["type"])
    except (ValueError, KeyError, TypeError):
        return str(text)
