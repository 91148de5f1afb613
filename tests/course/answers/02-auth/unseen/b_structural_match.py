import asyncio
import contextlib
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


def read(text):
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)


async def handler(connection):
    with contextlib.suppress(ConnectionClosed):
        try:
            async with asyncio.timeout(AUTH_TIMEOUT_S):
                first = await connection.recv()
        except TimeoutError:
            return await connection.close(4401, "too late")
        match read(first):
            case {"type": "auth", "token": str(token)} if token == TOKEN:
                await talk(connection, "ana")
            case _:
                await connection.close(4403, "not let in")
